from __future__ import annotations

import pytest
from kit import ACCOUNT, REGION, compiled, definition, statements

from schedkit.exceptions import SpecError
from schedkit.plan import Text, show
from schedkit.testing.examples import pipeline, step
from schedkit_aws.images import canonical, located, may_be_cached, source
from schedkit_aws.options import Options


HERE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
DIGEST = f"@sha256:{'0' * 64}"
REGISTRIES = {
    "ghcr.io": "ghcr",
    "ghcr.io/acme/private": f"{ECR}/mine",
    "docker.io": "hub",
    "localhost:5000": "local",
}


def rule(**options):
    return source("fit", Options(**{"registries": REGISTRIES, **options}))


@pytest.mark.parametrize(
    ("image", "expected", "repository"),
    [
        ("ghcr.io/acme/ml:1", f"{HERE}/ghcr/acme/ml:1", "ghcr/acme/ml"),
        (f"ghcr.io/acme/ml:1{DIGEST}", f"{HERE}/ghcr/acme/ml:1{DIGEST}", "ghcr/acme/ml"),
        ("ghcr.io/acme/private/ml", f"{ECR}/mine/ml", "mine/ml"),
        ("python:3.13", f"{HERE}/hub/library/python:3.13", "hub/library/python"),
        ("acme/ml", f"{HERE}/hub/acme/ml", "hub/acme/ml"),
        ("localhost:5000/ml:1", f"{HERE}/local/ml:1", "local/ml"),
        (f"{ECR}/ml:1", f"{ECR}/ml:1", "ml"),
    ],
)
def test_images(image, expected, repository):
    """
    An image is looked for where its longest prefix says; its repository has an ARN.
    """
    options = Options(registries=REGISTRIES)
    assert "" == rule().fault(image)
    assert expected == show(located(image, rule()))
    where = f"{REGION}:{ACCOUNT}" if HERE in expected else "eu-central-1:123456789012"
    arn = show(located(image, source("fit", options, "arn")))
    assert f"arn:aws:ecr:{where}:repository/{repository}" == arn


def test_partition():
    """
    China has a domain of its own.
    """
    found = rule(partition="aws-cn", registries={"ghcr.io": "ghcr"})
    assert "{account}.dkr.ecr.{region}.amazonaws.com.cn/ghcr/ml" == found.text("ghcr.io/ml")


def test_text_of_what_ecr_has_not():
    """
    An image that ECR has not stays as it is, for the finding that refuses it.
    """
    assert "quay.io/ml" == source("fit", Options(), "arn").text("quay.io/ml")


def test_longest():
    """
    An image has the longest URI that its account and any region could give it.
    """
    uri = f"{'0' * 12}.dkr.ecr.ap-southeast-1.amazonaws.com/ghcr/"
    longest = f"ghcr.io/{'m' * (255 - len(uri))}"
    assert "" == rule().fault(longest)
    assert "step 'fit' has an image whose URI has more than 255 characters" == rule().fault(
        f"{longest}m"
    )


def test_late_image():
    """
    At deploy the rule gives the URI, or raises.
    """
    assert f"{ECR}/ghcr/ml" == rule()("ghcr.io/ml", "123456789012", "eu-central-1")
    with pytest.raises(SpecError) as caught:
        rule()("quay.io/ml", "123456789012", "eu-central-1")
    assert (
        "step 'fit': has the image 'quay.io/ml', and SageMaker pulls from ECR alone; let ECR have "
        "it, as by a pull through cache, and say under which prefix: registries: {quay.io: quay} "
        "in schedkit:aws"
    ) == str(caught.value)


@pytest.mark.parametrize(
    ("image", "registries", "expected"),
    [
        ("ghcr.io/ml", {"ghcr.io": "ghcr"}, True),
        ("ghcr.io/ml", {"ghcr.io": f"{ECR}/mine"}, False),
        (f"{ECR}/ml", {"ghcr.io": "ghcr"}, False),
        (f"{ECR}/ml", {}, False),
    ],
)
def test_cache(image, registries, expected):
    """
    Only under a prefix of this account may a pull make the repository.
    """
    assert expected == may_be_cached(image, source("fit", Options(registries=registries), "arn"))
    found = statements(compiled(pipeline(step(image=image)), registries=registries), "job")
    assert expected == ("Cache" in found)


def test_plain_uri():
    """
    A whole URI needs no account and no region.
    """
    assert f"{ECR}/ml" == located(f"{ECR}/ml", rule())
    assert isinstance(located("ghcr.io/ml", rule()), Text)
    steps = definition(compiled(pipeline(step(image=f"{ECR}/ml"))))["Steps"]
    assert f"{ECR}/ml" == steps[0]["Arguments"]["AppSpecification"]["ImageUri"]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("python", "docker.io/library/python"),
        ("acme/ml", "docker.io/acme/ml"),
        ("localhost/ml", "localhost/ml"),
        ("host:1/ml", "host:1/ml"),
    ],
)
def test_canonical(image, expected):
    """
    An image without a registry is Docker Hub's.
    """
    assert expected == canonical(image)

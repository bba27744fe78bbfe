"""
Where a step's image comes from: Processing jobs pull from ECR alone.

https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import attrs

from schedkit.exceptions import SpecError
from schedkit.inputs import is_live
from schedkit.plan import Apply, Text
from schedkit_aws.names import ACCOUNT, REGION
from schedkit_aws.options import DOMAINS


if TYPE_CHECKING:
    from schedkit_aws.options import Options

URL = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html"
LONGEST = 255
_HERE = {"{account}": ACCOUNT, "{region}": REGION}
_WIDEST = {"account": "0" * 12, "region": "ap-southeast-1"}
_ECR = re.compile(
    r"(?P<account>[0-9]{12}|\{account\})\.dkr\.ecr\.(?P<region>[a-z0-9-]+|\{region\})\."
    r"amazonaws\.com(?:\.cn)?/(?P<repository>[a-z0-9._/-]+?)"
    r"(?::[\w.-]{1,128})?(?:@sha256:[0-9a-f]{64})?"
)


@attrs.frozen
class Source:
    """
    A rule on an image: where ECR has it.

    Attributes:
        culprit: Whose it is.
        registries: As in the options, longest first.
        partition: Of registry and ARN.
        wants: The `image`, or the `arn` of its repository.
    """

    culprit: str
    registries: tuple[tuple[str, str], ...]
    partition: str
    wants: Literal["image", "arn"] = "image"

    def fault(self, image: str) -> str:
        """
        What is wrong, or nothing.
        """
        found = self._found(image)
        if not _ECR.fullmatch(found):
            return f"{self.culprit} has the image {image!r}, and SageMaker pulls from ECR alone"
        if len(found.format(**_WIDEST)) > LONGEST:
            return f"{self.culprit} has an image whose URI has more than {LONGEST} characters"
        return ""

    def cure(self, image: str) -> str:
        """
        What to do about it.
        """
        if _ECR.fullmatch(self._found(image)):
            return "give its repository a shorter name"
        host = canonical(image).partition("/")[0]
        return (
            "let ECR have it, as by a pull through cache, and say under which prefix: "
            f"registries: {{{host}: {host.partition('.')[0]}}} in schedkit:aws"
        )

    def text(self, image: str) -> str:
        """
        The image or ARN, with {account} and {region} where they are those of the stack.
        """
        found = self._found(image)
        match = _ECR.fullmatch(found)
        if match is None or self.wants == "image":
            return found
        return match.expand(
            rf"arn:{self.partition}:ecr:\g<region>:\g<account>:repository/\g<repository>"
        )

    def __call__(self, image: object, account: object, region: object) -> str:
        """
        The image or ARN, of an Output.

        Raises:
            SpecError: ECR has no such image.
        """
        if fault := self.fault(str(image)):
            reason = fault.removeprefix(f"{self.culprit} ")
            raise SpecError(self.culprit, reason, self.cure(str(image)))
        text = self.text(str(image))
        return text.replace("{account}", str(account)).replace("{region}", str(region))

    def _found(self, image: str) -> str:
        whole = canonical(image)
        for prefix, there in self.registries:
            if whole.startswith(f"{prefix}/"):
                own = f"{{account}}.dkr.ecr.{{region}}.{DOMAINS[self.partition]}/"
                host = "" if "." in there.partition("/")[0] else own
                return f"{host}{there}{whole.removeprefix(prefix)}"
        return image


def source(step: str, options: Options, wants: Literal["image", "arn"] = "image") -> Source:
    """
    The rule for the image of a step.
    """
    ordered = sorted(options.registries.items(), key=lambda pair: -len(pair[0]))
    return Source(f"step {step!r}", tuple(ordered), options.partition, wants)


def located(image: object, rule: Source) -> object:
    """
    What stands in a body for an image: a text, or a symbol that is one at deploy.
    """
    if is_live(image):
        return Apply(rule, (image, ACCOUNT, REGION))
    parts = re.split(r"(\{account\}|\{region\})", rule.text(str(image)))
    return parts[0] if len(parts) == 1 else Text(*(_HERE.get(part, part) for part in parts))


def may_be_cached(image: object, rule: Source) -> bool:
    """
    Whether it is reached under a prefix of this account, which may be a pull through cache.
    """
    return bool(rule.registries) and (is_live(image) or "{account}" in rule.text(str(image)))


def canonical(image: str) -> str:
    """
    The image with its registry, as Docker reads it: `python:3.13` is of `docker.io/library`.
    """
    first, slash, _ = image.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return image
    return f"docker.io/{image}" if slash else f"docker.io/library/{image}"

from __future__ import annotations

import iam
import pytest


START = "sagemaker:StartPipelineExecution"
TRAIN = "arn:aws:sagemaker:eu-central-1:123456789012:pipeline/train"
OTHER = "arn:aws:sagemaker:eu-central-1:123456789012:pipeline/train-2"
RUN = f"{TRAIN}/execution/abc"
ROLE = "arn:aws:iam::123456789012:role/train-job"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ECR = "arn:aws:ecr:eu-central-1:123456789012:repository/ml"
FILE = "arn:aws:s3:::files/train/run/fit/model.bin"


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": [*statements]}


def statement(action, resource, effect="Allow", **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def when(operator, **keys):
    """
    A condition; `aws__SourceArn` is `aws:SourceArn`.
    """
    return {"Condition": {operator: {k.replace("__", ":"): v for k, v in keys.items()}}}


PASSED = when("StringEquals", iam__PassedToService="sagemaker.amazonaws.com")
LISTED = when("StringLike", s3__prefix=["train/*", "shared"])
DENIED = statement("sagemaker:*", RUN, "Deny")

# Statements, then a call that they allow and one beside it that they do not.
CALLS = {
    "action": (
        [statement(START, TRAIN)],
        (START, TRAIN, {}),
        ("sagemaker:StopPipelineExecution", TRAIN, {}),
    ),
    "case of an action": (
        [statement(START.lower(), TRAIN)],
        (START, TRAIN, {}),
        ("s3:*", TRAIN, {}),
    ),
    "actions": (
        [statement(["sagemaker:AddTags", START], TRAIN)],
        (START, TRAIN, {}),
        ("sagemaker:DeleteTags", TRAIN, {}),
    ),
    "wildcard in an action": (
        [statement("s3:Get*", FILE)],
        ("s3:GetObjectTagging", FILE, {}),
        ("s3:PutObject", FILE, {}),
    ),
    "resource": ([statement(START, TRAIN)], (START, TRAIN, {}), (START, OTHER, {})),
    "case of a resource": (
        [statement(START, TRAIN)],
        (START, TRAIN, {}),
        (START, TRAIN.upper(), {}),
    ),
    "below a resource": (
        [statement(START, f"{TRAIN}/*")],
        (START, RUN, {}),
        (START, OTHER + "/x", {}),
    ),
    "resources": ([statement(START, [OTHER, TRAIN])], (START, TRAIN, {}), (START, RUN, {})),
    "question marks": (
        [
            statement(
                "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:r:1:secret:hub-??????"
            )
        ],
        ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:r:1:secret:hub-a1B2c3", {}),
        ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:r:1:secret:hub-more-a1B2c3", {}),
    ),
    "no letter is special": (
        [statement("s3:GetObject", "arn:aws:s3:::fi.es/+")],
        ("s3:GetObject", "arn:aws:s3:::fi.es/+", {}),
        ("s3:GetObject", "arn:aws:s3:::files/+", {}),
    ),
    "prefix": (
        [statement("s3:PutObject", "arn:aws:s3:::files/train/*")],
        ("s3:PutObject", FILE, {}),
        ("s3:PutObject", FILE.replace("/train/", "/train-2/"), {}),
    ),
    "StringEquals": (
        [statement("iam:PassRole", ROLE, **PASSED)],
        ("iam:PassRole", ROLE, {"iam:PassedToService": "sagemaker.amazonaws.com"}),
        ("iam:PassRole", ROLE, {"iam:PassedToService": "ec2.amazonaws.com"}),
    ),
    "key that is not given": (
        [statement("iam:PassRole", ROLE, **PASSED)],
        ("iam:PassRole", ROLE, {"IAM:passedtoservice": "sagemaker.amazonaws.com"}),
        ("iam:PassRole", ROLE, {}),
    ),
    "StringEquals has no wildcard": (
        [statement(START, TRAIN, **when("StringEquals", aws__SourceAccount="1*"))],
        (START, TRAIN, {"aws:SourceAccount": "1*"}),
        (START, TRAIN, {"aws:SourceAccount": "12"}),
    ),
    "StringLike": (
        [statement("s3:ListBucket", "arn:aws:s3:::files", **LISTED)],
        ("s3:ListBucket", "arn:aws:s3:::files", {"s3:prefix": "train/run/"}),
        ("s3:ListBucket", "arn:aws:s3:::files", {"s3:prefix": "train"}),
    ),
    "StringLike, second value": (
        [statement("s3:ListBucket", "arn:aws:s3:::files", **LISTED)],
        ("s3:ListBucket", "arn:aws:s3:::files", {"s3:prefix": "shared"}),
        ("s3:ListBucket", "arn:aws:s3:::files", {"s3:prefix": "shared/"}),
    ),
    "ArnLike": (
        [statement(START, TRAIN, **when("ArnLike", aws__SourceArn="arn:aws:events:*:1:rule/*"))],
        (START, TRAIN, {"aws:SourceArn": "arn:aws:events:r:1:rule/a:b"}),
        (START, TRAIN, {"aws:SourceArn": "arn:aws:events:r:x:1:rule/a"}),
    ),
    "ArnEquals": (
        [statement(START, TRAIN, **when("ArnEquals", aws__SourceArn="arn:aws:events:r:1:rule/?"))],
        (START, TRAIN, {"aws:SourceArn": "arn:aws:events:r:1:rule/a"}),
        (START, TRAIN, {"aws:SourceArn": "arn:aws:events:r:2:rule/a"}),
    ),
    "no ARN": (
        [statement(START, TRAIN, **when("ArnLike", aws__SourceArn="*:*:*:*:*:*"))],
        (START, TRAIN, {"aws:SourceArn": "a:b:c:d:e:f"}),
        (START, TRAIN, {"aws:SourceArn": "all"}),
    ),
    "Bool": (
        [statement("kms:CreateGrant", KEY, **when("Bool", kms__GrantIsForAWSResource=True))],
        ("kms:CreateGrant", KEY, {"kms:GrantIsForAWSResource": "true"}),
        ("kms:CreateGrant", KEY, {"kms:GrantIsForAWSResource": "false"}),
    ),
    "all keys": (
        [statement(START, TRAIN, **when("StringEquals", a="1", b="x"))],
        (START, TRAIN, {"a": "1", "b": "x"}),
        (START, TRAIN, {"a": "1"}),
    ),
    "all operators": (
        [
            statement(
                START,
                TRAIN,
                Condition={"StringEquals": {"a": "1"}, "StringLike": {"b": "2*"}},
            )
        ],
        (START, TRAIN, {"a": "1", "b": "22"}),
        (START, TRAIN, {"a": "1", "b": "1"}),
    ),
    "explicit deny": (
        [statement("sagemaker:*", "*"), DENIED],
        ("sagemaker:DescribePipelineExecution", OTHER, {}),
        ("sagemaker:DescribePipelineExecution", RUN, {}),
    ),
    "deny before allow": (
        [DENIED, statement("sagemaker:*", "*")],
        ("sagemaker:DescribePipelineExecution", TRAIN, {}),
        ("sagemaker:DescribePipelineExecution", RUN, {}),
    ),
}


@pytest.mark.parametrize(("statements", "allowed", "denied"), CALLS.values(), ids=CALLS)
def test_the_evaluator_allows_and_denies(statements, allowed, denied):
    """
    One call is allowed and the one beside it is not, whether one policy says so or several.
    """
    for policies in ([policy(*statements)], [policy(one) for one in statements]):
        assert iam.allows(policies, *allowed)
        assert not iam.allows(policies, *denied)


def test_nothing_is_allowed_without_a_policy():
    """
    What no statement allows is denied.
    """
    assert not iam.allows([], START, TRAIN, {})
    assert not iam.allows([policy(DENIED)], START, TRAIN, {})


def test_a_single_statement_needs_no_list():
    """
    IAM reads one statement as a list of one.
    """
    assert iam.allows(
        [{"Version": "2012-10-17", "Statement": statement(START, TRAIN)}], START, TRAIN, {}
    )


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ({"Effect": "Allow", "NotAction": START, "Resource": TRAIN}, r"judge \['NotAction'\]"),
        ({"Effect": "Allow", "Action": START, "NotResource": TRAIN}, r"judge \['NotResource'\]"),
        (statement(START, "arn:aws:s3:::${aws:username}"), "cannot judge a policy variable"),
        (statement(START, TRAIN, "Maybe"), "cannot judge the effect 'Maybe'"),
        (statement(START, TRAIN, Principal="*"), "a policy of a role names no principal"),
        ({"Effect": "Allow", "Action": START}, "a trust names no resource"),
        (
            statement(START, TRAIN, **when("StringEqualsIfExists", a="b")),
            "cannot judge the condition 'StringEqualsIfExists'",
        ),
        (
            statement(START, TRAIN, **when("ForAllValues:StringEquals", a="b")),
            "cannot judge the condition 'ForAllValues:StringEquals'",
        ),
    ],
)
def test_the_evaluator_never_guesses(statement, message):
    """
    What schedkit never writes raises.
    """
    with pytest.raises(ValueError, match=message):
        iam.allows([policy(statement)], START, TRAIN, {})


def trust(service="scheduler.amazonaws.com", **more):
    made = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return policy({**made, **more})


GROUP = "arn:aws:scheduler:eu-central-1:123456789012:schedule-group/shop"
ITS_OWN = when("StringEquals", aws__SourceAccount="123456789012", aws__SourceArn=GROUP)


@pytest.mark.parametrize(
    ("expected", "document", "service", "context"),
    [
        (True, trust(), "scheduler.amazonaws.com", {}),
        (True, trust(["a.amazonaws.com", "b.amazonaws.com"]), "b.amazonaws.com", {}),
        (False, trust(), "events.amazonaws.com", {}),
        (False, trust(Action="sts:TagSession"), "scheduler.amazonaws.com", {}),
        (False, trust(Principal={"AWS": "arn:aws:iam::1:root"}), "scheduler.amazonaws.com", {}),
        (
            True,
            trust(**ITS_OWN),
            "scheduler.amazonaws.com",
            {"aws:SourceAccount": "123456789012", "aws:SourceArn": GROUP},
        ),
        (
            False,
            trust(**ITS_OWN),
            "scheduler.amazonaws.com",
            {"aws:SourceAccount": "210987654321", "aws:SourceArn": GROUP},
        ),
        (
            False,
            trust(**ITS_OWN),
            "scheduler.amazonaws.com",
            {"aws:SourceAccount": "123456789012", "aws:SourceArn": f"{GROUP}-2"},
        ),
        (False, trust(**ITS_OWN), "scheduler.amazonaws.com", {}),
    ],
)
def test_a_trust_lets_one_service_in(expected, document, service, context):
    """
    Only the service that it names, only for a source that it names.
    """
    assert expected is iam.assumes(document, service, context)


def test_a_bucket_forbids_to_all():
    """
    A deny for everybody is found, and only where its condition holds.
    """
    tls = when("Bool", aws__SecureTransport="false")
    files = policy(statement("s3:*", "arn:aws:s3:::files/*", "Deny", Principal="*", **tls))
    assert iam.forbids([files], "s3:GetObject", FILE, {"aws:SecureTransport": "false"})
    assert not iam.forbids([files], "s3:GetObject", FILE, {"aws:SecureTransport": "true"})
    assert not iam.forbids(
        [files], "s3:ListBucket", "arn:aws:s3:::files", {"aws:SecureTransport": "false"}
    )


def test_all_actions_are_listed():
    """
    The actions of all that allows, and of these the ones without a resource.
    """
    policies = [
        policy(statement(["a:B", "a:C"], "arn:x"), statement("a:D", ["arn:y", "*"])),
        policy(statement("a:E", "*", "Deny")),
    ]
    assert {"a:B", "a:C", "a:D"} == iam.actions(policies)
    assert {"a:D"} == iam.everywhere(policies)


MISTAKES = [
    (
        statement("sagemaker:CreateProcesingJob", "*"),
        ["UNKNOWN_ACTION: sagemaker:CreateProcesingJob"],
    ),
    (statement("sagemake:AddTags", "*"), ["UNKNOWN_PREFIX: sagemake:AddTags"]),
    (statement([START, "s3:GetObject"], FILE), [f"RESOURCE_MISMATCH: {START}"]),
    (statement("s3:GetObject", "arn:aws:s3:::files"), ["RESOURCE_MISMATCH: s3:GetObject"]),
    (statement("s3:GetObject", "*"), ["RESOURCE_STAR: s3:GetObject"]),
    (statement("iam:PassRole", "*"), ["RESOURCE_STAR: iam:PassRole"]),
    (statement("iam:PutRolePolicy", ROLE), ["PERMISSIONS_MANAGEMENT_ACTIONS: iam:PutRolePolicy"]),
    (statement("s3:GetObject", FILE, "Maybe"), ["MALFORMED: s3:GetObject"]),
    (statement("s3:GetObject", FILE, Sid="a b"), ["INVALID_SID: s3:GetObject"]),
    (
        statement("s3:GetObject", FILE, **when("StringSame", aws__SourceAccount="1")),
        ["UNKNOWN_OPERATOR: s3:GetObject"],
    ),
    (
        statement("s3:GetObject", FILE, **when("StringEquals", s3__nope="a")),
        ["UNKNOWN_CONDITION_FOR_ACTION: s3:GetObject"],
    ),
    ({"Effect": "Allow", "Action": "s3:GetObject"}, ["MALFORMED: s3:GetObject"]),
]


@pytest.mark.parametrize(("statement", "findings"), MISTAKES)
def test_the_linter_finds_mistakes(statement, findings):
    """
    Each mistake is the only thing found, with its action.
    """
    assert findings == iam.lint(policy(statement))


def test_the_linter_looks_at_the_whole():
    """
    What only several statements can do wrong, and the version, are found too.
    """
    one = statement("s3:GetObject", FILE, Sid="Files")
    assert ["DUPLICATE_SID: Duplicate Statement Id 'Files' in policy"] == iam.lint(
        policy(one, one)
    )
    old = {**policy(one), "Version": "2012"}
    assert ["INVALID_VERSION: s3:GetObject"] == iam.lint(old)


def test_what_stands_is_named():
    """
    Every finding that the linter is told to let stand is one that it would report.
    """
    calls = policy(
        statement("iam:PassRole", ROLE, **PASSED),
        statement("kms:CreateGrant", KEY),
        statement("ecr:BatchImportUpstreamImage", ECR),
        statement(["ecr:GetAuthorizationToken", *iam.VPC_CALLS], "*"),
    )
    assert [] == iam.lint(calls)
    expected = dict(iam.EXPECTED)
    iam.EXPECTED.clear()
    try:
        assert {*expected} == {*iam.lint(calls)}
    finally:
        iam.EXPECTED.update(expected)

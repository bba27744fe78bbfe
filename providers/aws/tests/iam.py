"""
What is wrong with a policy, by parliament, and what it allows, by an evaluator of our own.

The evaluator knows the part of the language that schedkit writes, and raises on any other.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any


with warnings.catch_warnings():
    # Of pkg_resources, which setuptools has up to 81, of escapes in texts, of files left open.
    warnings.simplefilter("ignore")
    import parliament


Policy = Mapping[str, Any]
Context = Mapping[str, str]

VPC_CALLS = (
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
)
VPC = "a job in a VPC: SageMaker refuses these calls with a resource or a condition"
# https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
EXPECTED = {
    "PERMISSIONS_MANAGEMENT_ACTIONS: iam:PassRole": "one role, to SageMaker only",
    "PERMISSIONS_MANAGEMENT_ACTIONS: kms:CreateGrant": "of the one key that the options name",
    "CREDENTIALS_EXPOSURE: ecr:GetAuthorizationToken": "every pull from ECR begins with it",
    "RESOURCE_MISMATCH: ecr:BatchImportUpstreamImage": (
        "one repository: parliament's table is older than the call's resource"
    ),
    "PERMISSIONS_MANAGEMENT_ACTIONS: ec2:CreateNetworkInterfacePermission": VPC,
    "PERMISSIONS_MANAGEMENT_ACTIONS: ec2:DeleteNetworkInterfacePermission": VPC,
    **{f"RESOURCE_STAR: {action}": VPC for action in VPC_CALLS[:3]},
}
"""Findings that stand, each with its reason."""

STATEMENT = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}


def lint(policy: Policy) -> list[str]:
    """
    What parliament finds in a policy of a role, but for `EXPECTED`.

    Its auditors name no action, so every action is shown to them alone.
    """
    found = []
    for statement in _list(policy["Statement"]):
        for action in _list(statement.get("Action", ())):
            alone = {**policy, "Statement": [{**statement, "Action": action}]}
            found += [(issue, action) for issue, _ in _analyze(json.dumps(alone))]
    known = {issue for issue, _ in found}
    found += [one for one in _analyze(json.dumps(policy)) if one[0] not in known]
    texts = dict.fromkeys(f"{issue}: {subject}" for issue, subject in found)
    return [text for text in texts if text not in EXPECTED]


@cache
def _analyze(text: str) -> tuple[tuple[str, str], ...]:
    result = parliament.analyze_policy_string(text, include_community_auditors=True)
    return tuple(dict.fromkeys((one.issue, str(one.detail)) for one in result.findings))


def allows(policies: Iterable[Policy], action: str, resource: str, context: Context) -> bool:
    """
    Whether policies of a role let it make that call.

    Raises:
        ValueError: A statement says something that schedkit never writes.
    """
    return _decide(policies, None, action, resource, context)


def assumes(trust: Policy, service: str, context: Context) -> bool:
    """
    Whether a role with that trust lets the service become it.
    """
    return _decide([trust], service, "sts:AssumeRole", None, context)


def permits(policy: Policy, service: str, action: str, resource: str, context: Context) -> bool:
    """
    Whether a resource with that policy lets the service make that call.
    """
    return _decide([policy], service, action, resource, context)


def forbids(policies: Iterable[Policy], action: str, resource: str, context: Context) -> bool:
    """
    Whether the policies of a resource deny that call to everybody.
    """
    effects = _effects(policies, "*", action, resource, context)
    return "Deny" in effects


def actions(policies: Iterable[Policy]) -> set[str]:
    """
    All actions that the policies allow, as they are written there.
    """
    statements = [s for policy in policies for s in _list(policy["Statement"])]
    return {a for s in statements if s["Effect"] == "Allow" for a in _list(s["Action"])}


def everywhere(policies: Iterable[Policy]) -> set[str]:
    """
    The actions that the policies allow on the resource `*`, or on all of a service.
    """
    found = set()
    for policy in policies:
        for statement in _list(policy["Statement"]):
            if any(resource in {"*", "arn:*"} for resource in _list(statement["Resource"])):
                found |= actions([{"Statement": statement}])
    return found


def _list(value: Any) -> list[Any]:
    return [value] if isinstance(value, (str, bool, Mapping)) else [*value]


def _decide(
    policies: Iterable[Policy],
    service: str | None,
    action: str,
    resource: str | None,
    context: Context,
) -> bool:
    effects = _effects(policies, service, action, resource, context)
    return "Allow" in effects and "Deny" not in effects


def _effects(
    policies: Iterable[Policy],
    principal: str | None,
    action: str,
    resource: str | None,
    context: Context,
) -> set[str]:
    """
    The effects of all statements that the request meets.
    """
    return {
        statement["Effect"]
        for policy in policies
        for statement in _list(policy["Statement"])
        if _meets(statement, principal, action, resource, context)
    }


def _meets(
    statement: Policy,
    principal: str | None,
    action: str,
    resource: str | None,
    context: Context,
) -> bool:
    strange = statement.keys() - STATEMENT
    if strange or "${" in json.dumps(statement):
        raise ValueError(f"cannot judge {sorted(strange) or 'a policy variable'}")
    if statement["Effect"] not in {"Allow", "Deny"}:
        raise ValueError(f"cannot judge the effect {statement['Effect']!r}")
    if ("Principal" in statement) != (principal is not None):
        raise ValueError("a policy of a role names no principal, all others do")
    if ("Resource" in statement) != (resource is not None):
        raise ValueError("a trust names no resource, all others do")
    return (
        _is_principal(statement.get("Principal"), principal)
        and any(_like(p.lower(), action.lower()) for p in _list(statement["Action"]))
        and (resource is None or any(_like(p, resource) for p in _list(statement["Resource"])))
        and all(
            _holds(operator, keys, context)
            for operator, keys in statement.get("Condition", {}).items()
        )
    )


def _is_principal(principals: Any, principal: str | None) -> bool:
    if isinstance(principals, Mapping):
        return any(principal in _list(names) for names in principals.values())
    return principals == principal


def _holds(operator: str, keys: Mapping[str, Any], context: Context) -> bool:
    """
    Whether every key of the request is one of its values; a key that it lacks is none.
    """
    if operator not in OPERATORS:
        raise ValueError(f"cannot judge the condition {operator!r}")
    known = {key.lower(): value for key, value in context.items()}
    return all(
        key.lower() in known
        and any(OPERATORS[operator](str(value), known[key.lower()]) for value in _list(values))
        for key, values in keys.items()
    )


def _like(pattern: str, text: str) -> bool:
    marks = {"*": r"[\s\S]*", "?": r"[\s\S]"}
    return bool(re.fullmatch("".join(marks.get(c, re.escape(c)) for c in pattern), text))


def _like_arn(pattern: str, text: str) -> bool:
    """
    Part by part: no wildcard crosses one of the first five colons.
    """
    wanted, given = pattern.split(":", 5), text.split(":", 5)
    return len(wanted) == len(given) == 6 and all(map(_like, wanted, given))


OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "ArnEquals": _like_arn,
    "ArnLike": _like_arn,
    "Bool": lambda wanted, given: wanted.lower() == given.lower(),
    "StringEquals": lambda wanted, given: wanted == given,
    "StringLike": _like,
}

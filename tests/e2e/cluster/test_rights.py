"""
What a pipeline's ServiceAccount may do: nothing that was not given to it.
"""

from __future__ import annotations

import pytest
from api import Api, ApiError
from figures import COUNTS
from scenes import Scene, compiled, deploy


pytestmark = pytest.mark.cluster
VERBS = (
    *("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"),
    *("impersonate", "bind", "escalate", "use"),
)
# What every user of every cluster may do: ask about himself.
EVERYBODY = {
    ("create", "authentication.k8s.io", "selfsubjectreviews"),
    ("create", "authorization.k8s.io", "selfsubjectaccessreviews"),
    ("create", "authorization.k8s.io", "selfsubjectrulesreviews"),
}
NAMESPACE, ACCOUNT = "rights", "train-dev"


@pytest.fixture(scope="module")
def account(cluster):
    """
    The ServiceAccount of a pipeline, in a namespace of its own.
    """
    deploy(cluster.api, compiled(Scene(name=NAMESPACE, cron="0 3 * * *").program))
    return cluster.api


def resources(api):
    """
    Group and name of every resource that the server knows, subresources included.
    """
    tops = [("", "/api/v1")]
    for group in api.ask("GET", "/apis")["groups"]:
        version = group["preferredVersion"]["groupVersion"]
        tops.append((group["name"], f"/apis/{version}"))
    return [
        (group, each["name"]) for group, top in tops for each in api.ask("GET", top)["resources"]
    ]


def allowed(api, namespace):
    """
    Every verb and resource that an authorizer grants the account, and how many were asked for.
    """
    group = "system:serviceaccounts"
    who = {
        "user": f"system:serviceaccount:{NAMESPACE}:{ACCOUNT}",
        "groups": [group, f"{group}:{NAMESPACE}", "system:authenticated"],
    }
    path = api.collection("SubjectAccessReview", "authorization.k8s.io/v1")
    found, asked = set(), 0
    for group, name in resources(api):
        resource, _, part = name.partition("/")
        what = {"group": group, "resource": resource, "subresource": part, "namespace": namespace}
        for verb in VERBS:
            spec = {**who, "resourceAttributes": {**what, "verb": verb}}
            if api.ask("POST", path, {"spec": spec})["status"]["allowed"]:
                found.add((verb, group, name))
            asked += 1
    return found, asked


@pytest.mark.parametrize("namespace", [NAMESPACE, "kube-system", ""], ids=["own", "other", "all"])
def test_has_no_rights_of_its_own(account, namespace):
    """
    In no namespace may it do more than every user may.
    """
    found, asked = allowed(account, namespace)
    COUNTS["access reviews"] += asked
    assert EVERYBODY == found
    assert asked > 1000


def test_a_right_that_is_given_is_seen(account):
    """
    The question is answered with yes once a Role says so: this file can fail.
    """
    group = "rbac.authorization.k8s.io"
    metadata = {"name": "given", "namespace": NAMESPACE}
    rule = {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["get"]}
    role = {"kind": "Role", "metadata": metadata, "rules": [rule]}
    subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}
    binding = {
        "kind": "RoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": group, "kind": "Role", "name": "given"},
        "subjects": [subject],
    }
    made = [{"apiVersion": f"{group}/v1", **each} for each in (role, binding)]
    deploy(account, made)
    try:
        assert {*EVERYBODY, ("get", "batch", "jobs")} == allowed(account, NAMESPACE)[0]
    finally:
        for each in made:
            account.delete(account.path(each))


def test_a_token_of_it_opens_nothing(account, cluster):
    """
    A token made for the account is known to the server, and every list is forbidden.
    """
    path = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{ACCOUNT}/token"
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = account.ask("POST", path, asked)["status"]["token"]
    pod = Api(cluster.address, cluster.folder, token)
    try:
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        me = pod.ask("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", review)
        user = me["status"]["userInfo"]["username"]
        assert f"system:serviceaccount:{NAMESPACE}:{ACCOUNT}" == user
        for place in ("pods", "secrets", "serviceaccounts"):
            with pytest.raises(ApiError) as caught:
                pod.ask("GET", f"/api/v1/namespaces/{NAMESPACE}/{place}")
            assert 403 == caught.value.code
    finally:
        pod.close()

"""
What may change things, and everything that may not.
"""

from __future__ import annotations

import json
import re
from http.cookies import SimpleCookie

import pytest

from schedkit_local.serve.page import actions, guard


PORT = 4178
ORIGIN = f"http://127.0.0.1:{PORT}"
TOKEN = "a token of some length"
NOW = 1_795_457_400
ASKED = {
    "trigger": {"pipeline": "train"},
    "pause": {"schedule": "nightly"},
    "resume": {"schedule": "nightly"},
    "backfill": {"schedule": "nightly", "from": "2026-11-20T00:00", "to": "2026-11-22T00:00"},
    "cancel": {"run": "some-run"},
    "reload": {},
}


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """
    No test waits for a server that is not there, or for its own wrong token.
    """
    monkeypatch.setattr(actions, "SOON", 0.0)
    monkeypatch.setattr(actions, "PAUSE", 0.0)


def proof(member, path="/"):
    return re.search(r'name="proof" value="([0-9a-f]+)"', member.get(path).text)[1]


def test_buttons_are_for_members(client, stranger, ids) -> None:
    """
    Without a session no page has a form that changes anything.
    """
    for browser in (client, stranger):
        for path in ("/", f"/runs/{ids.running}", "/schedules/nightly"):
            assert 'method="post"' not in browser.get(path).text
    assert "Log in" in stranger.get("/").text
    assert "Log in" not in client.get("/").text
    assert 404 == client.get("/login").status_code


def test_members_have_buttons(member, ids) -> None:
    """
    With a session each page has its forms.
    """
    text = member.get("/").text
    assert {"pause", "trigger", "reload"} == set(re.findall(r'action="/do/(\w+)"', text))
    for field in ("epochs", "rate", "full", "label"):
        assert f'name="parameter.{field}"' in text
    assert "/do/cancel" in member.get(f"/runs/{ids.running}").text
    assert "/do/cancel" not in member.get(f"/runs/{ids.failed}").text
    assert "/do/backfill" in member.get("/schedules/nightly").text


@pytest.mark.parametrize("verb", ASKED)
def test_without_token_nothing_is_asked(client, book, ids, verb) -> None:
    """
    A page without a token refuses every form.
    """
    answer = client.post(f"/do/{verb}", data=ASKED[verb], headers={"origin": ORIGIN})
    assert (403, True) == (answer.status_code, "can be read only" in answer.text)
    assert [] == book.requests()


@pytest.mark.parametrize("verb", ASKED)
def test_without_session_nothing_is_asked(stranger, book, ids, verb) -> None:
    """
    A page with a token refuses who has not shown it.
    """
    answer = stranger.post(f"/do/{verb}", data=ASKED[verb], headers={"origin": ORIGIN})
    assert (403, "log in first: /login\n") == (answer.status_code, answer.text)
    assert [] == book.requests()


@pytest.mark.parametrize("verb", ASKED)
@pytest.mark.parametrize("wrong", ["", "0" * 64, "é"])
def test_without_proof_nothing_is_asked(member, book, ids, verb, wrong) -> None:
    """
    A form that no page of the session made is refused (CSRF).
    """
    answer = member.post(f"/do/{verb}", data=ASKED[verb] | {"proof": wrong})
    assert (403, True) == (answer.status_code, "not of your session" in answer.text)
    assert [] == book.requests()


@pytest.mark.parametrize("verb", ASKED)
@pytest.mark.parametrize(
    "sent",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8080"},
        {"origin": f"https://127.0.0.1:{PORT}"},
        {"origin": f"http://localhost:{PORT}"},
        {"origin": "", "referer": ""},
        {"origin": "", "referer": "http://evil.example/127.0.0.1:4178"},
        {"origin": "http://evil.example", "referer": f"{ORIGIN}/"},
    ],
)
def test_other_origins_ask_nothing(member, book, ids, verb, sent) -> None:
    """
    Another site's form is refused, even one that knows cookie and proof.
    """
    answer = member.post(f"/do/{verb}", data=ASKED[verb] | {"proof": proof(member)}, headers=sent)
    assert (403, True) == (answer.status_code, "another page" in answer.text)
    assert [] == book.requests()


@pytest.mark.parametrize("verb", ASKED)
def test_rebound_names_ask_nothing(member, book, ids, verb) -> None:
    """
    A name that was made to point here asks nothing, though it is its own origin.
    """
    sent = {"host": f"evil.example:{PORT}", "origin": f"http://evil.example:{PORT}"}
    data = ASKED[verb] | {"proof": proof(member)}
    assert 421 == member.post(f"/do/{verb}", data=data, headers=sent).status_code
    assert [] == book.requests()


@pytest.mark.parametrize(
    ("verb", "form", "expected"),
    [
        ("pause", {}, {"schedule": "nightly"}),
        ("resume", {}, {"schedule": "nightly"}),
        ("cancel", {}, {"run": "some-run"}),
        ("reload", {}, {}),
        ("trigger", {}, {"pipeline": "train", "parameters": {}}),
        (
            "trigger",
            {
                "parameter.epochs": "30",
                "parameter.rate": "0.5",
                "parameter.full": "true",
                "parameter.label": "<b>",
                "parameter.unknown": "1",
            },
            {"pipeline": "train", "parameters": {"epochs": 30, "full": True, "label": "<b>"}},
        ),
        (
            "backfill",
            {},
            {"schedule": "nightly", "from": 1_795_129_200, "to": 1_795_302_000},
        ),
        (
            "backfill",
            {"to": "2026-11-22T00:00:00Z"},
            {"schedule": "nightly", "from": 1_795_129_200, "to": 1_795_305_600},
        ),
    ],
)
def test_members_ask(member, book, ids, verb, form, expected) -> None:
    """
    A form becomes a request of the ledger: parameters that differ from their defaults, instants
    on the clocks of the schedule.
    """
    data = ASKED[verb] | form | {"proof": proof(member), "back": "/runs?state=failed"}
    answer = member.post(f"/do/{verb}", data=data)
    assert (303, "/runs?state=failed&asked=1") == (
        answer.status_code,
        answer.headers["location"],
    )
    assert [(verb, expected)] == book.requests()


def test_answers_are_shown(member, book, ids) -> None:
    """
    What the server answers stands where the form was, escaped; until then the page asks again.
    """
    member.post("/do/pause", data=ASKED["pause"] | {"proof": proof(member)})
    page = "/schedules/nightly?asked=1"
    text = member.get(page).text
    assert "The server has not answered yet." in text
    assert 'data-every="1000"' in text
    for ok, said in ((True, "Done:"), (False, "Refused:")):
        book.sql(
            "UPDATE request SET done = 1, answer = :answer",
            answer=json.dumps({"ok": ok, "text": "schedule <i>"}),
        )
        text = member.get(page).text
        assert f'<strong>{said}</strong> <span class="said">schedule &lt;i&gt;</span>' in text
        assert "asked=1" not in text


def test_no_answer_to_nonsense(member, ids) -> None:
    """
    A request that never was is not shown.
    """
    for asked in ("7", "x", "-1", "²"):
        assert 200 == member.get("/", params={"asked": asked}).status_code


@pytest.mark.parametrize(
    ("verb", "form", "said"),
    [
        ("pause", {"schedule": ""}, "schedule: is missing from the form"),
        ("cancel", {"run": ""}, "run: is missing from the form"),
        ("trigger", {"pipeline": "none"}, "pipeline &#39;none&#39;: is not served"),
        ("trigger", {"parameter.epochs": "many"}, "&#39;many&#39; is no int"),
        ("backfill", {"schedule": "none"}, "schedule &#39;none&#39;: is not served"),
        ("backfill", {"from": "soon"}, "backfill, from: &#39;soon&#39; is no date and time"),
        ("backfill", {"from": "2026-11-22T00:00"}, "backfill, to: is not after"),
    ],
)
def test_bad_forms(member, book, ids, verb, form, said) -> None:
    """
    A form that makes no sense is a sentence, and asks nothing.
    """
    answer = member.post(f"/do/{verb}", data=ASKED[verb] | form | {"proof": proof(member)})
    assert (400, True) == (answer.status_code, said in answer.text)
    assert [] == book.requests()


def test_unknown_verb(member, book, ids) -> None:
    """
    The server is asked for what it knows alone.
    """
    assert 404 == member.post("/do/destroy", data={"proof": proof(member)}).status_code
    assert [] == book.requests()


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"x" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"a=%FF", "application/x-www-form-urlencoded", 400),
        (b"\xff", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a=1" for _ in range(300)), "application/x-www-form-urlencoded", 400),
        (b"{}", "application/json", 415),
        (b"a=1", "text/plain", 415),
    ],
)
def test_what_is_no_form(member, book, state, body, kind, status) -> None:
    """
    What is too long, or no form, is refused.
    """
    answer = member.post("/do/reload", content=body, headers={"content-type": kind})
    assert status == answer.status_code
    assert [] == book.requests()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods(client, member, ids, method) -> None:
    """
    Nothing but GET, HEAD and the forms is answered.
    """
    assert 403 == client.request(method, "/").status_code
    assert 405 == member.request(method, "/").status_code


def test_head(client, ids) -> None:
    """
    HEAD is a GET without a body.
    """
    answer = client.head("/")
    assert (200, "") == (answer.status_code, answer.text)


def test_login(stranger, state) -> None:
    """
    The right token makes a session of this browser that no script and no other site can use.
    """
    answer = stranger.post(
        "/login", data={"token": TOKEN, "back": "/runs"}, headers={"origin": ORIGIN}
    )
    assert (303, "/runs") == (answer.status_code, answer.headers["location"])
    cookie = SimpleCookie(answer.headers["set-cookie"])[f"schedkit-{PORT}"]
    assert (True, "strict", "/", "") == (
        cookie["httponly"],
        cookie["samesite"].lower(),
        cookie["path"],
        cookie["domain"],
    )
    assert "Log out" in stranger.get("/").text


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], f"{TOKEN} ", "é"])
def test_wrong_token(stranger, state, token) -> None:
    """
    A wrong token makes no session.
    """
    answer = stranger.post("/login", data={"token": token}, headers={"origin": ORIGIN})
    assert (403, True) == (answer.status_code, "That is not the token" in answer.text)
    assert "set-cookie" not in answer.headers


def test_login_from_elsewhere(stranger, state) -> None:
    """
    Another site cannot log a browser in.
    """
    answer = stranger.post("/login", data={"token": TOKEN}, headers={"origin": "http://evil"})
    assert 403 == answer.status_code


def test_logout(member, state) -> None:
    """
    After it the same cookie opens nothing.
    """
    own = proof(member)
    cookie = member.cookies[f"schedkit-{PORT}"]
    assert 303 == member.post("/logout", data={"proof": own}).status_code
    member.cookies.set(f"schedkit-{PORT}", cookie)
    assert "Log out" not in member.get("/").text
    assert 403 == member.post("/do/reload", data={"proof": own}).status_code


@pytest.mark.parametrize(
    "back",
    ["http://evil.example", "//evil.example", "/\\evil.example", "evil", "/a\nb", "javascript:x"],
)
def test_back_is_here(stranger, state, back) -> None:
    """
    A form leads back to this page and nowhere else.
    """
    answer = stranger.post(
        "/login", data={"token": TOKEN, "back": back}, headers={"origin": ORIGIN}
    )
    assert (303, "/") == (answer.status_code, answer.headers["location"])


def test_sessions_end(monkeypatch) -> None:
    """
    A session ends after twelve hours, and a hundred are the most.
    """
    clock = [0.0]
    monkeypatch.setattr(guard.time, "monotonic", lambda: clock[0])
    sessions = guard.Sessions(TOKEN.encode(), PORT)
    first = sessions.begin(TOKEN)
    headers = guard.Headers({"cookie": f"schedkit-{PORT}={first}"})
    assert first == sessions.of(headers)
    clock[0] = guard.LASTS
    assert None is sessions.of(headers)
    clock[0] = 0.0
    for _ in range(guard.SESSIONS):
        sessions.begin(TOKEN)
    assert None is sessions.of(headers)


def test_proof_is_of_one_session_and_process() -> None:
    """
    The proof of one session opens no other, and none of another process.
    """
    one, other = (guard.Sessions(TOKEN.encode(), PORT) for _ in range(2))
    assert one.proves("a", one.proof("a"))
    assert not one.proves("b", one.proof("a"))
    assert not other.proves("a", one.proof("a"))

"""
The page in a real browser: Chromium by Playwright, and axe's rules of accessibility.

`SCHEDKIT_SCREENSHOTS` names a folder for pictures of every page and what axe said of it.
"""

from __future__ import annotations

import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from schedkit_local.serve.lock import held


pytestmark = pytest.mark.browser
TOKEN = "a token of some length"
WIDTHS = (380, 1280)
SCHEMES = ("light", "dark")
PATHS = {
    "schedules": "/",
    "runs": "/runs",
    "failed-run": "/runs/{failed}",
    "running-run": "/runs/{running}",
    "schedule": "/schedules/nightly",
    "login": "/login",
    "not-found": "/runs/none",
}
FOCUSABLE = "a[href], button, input:not([type=hidden]), select, summary, [tabindex='0']"
WALK = f"""() => {{
  document.querySelectorAll("details").forEach(each => each.open = true);
  const all = [...document.querySelectorAll("{FOCUSABLE}")].filter(each => each.checkVisibility());
  all.forEach((each, number) => each.dataset.walk = number);
  return all.length;
}}"""
REACHED = """() => {
  const at = document.activeElement;
  const style = getComputedStyle(at);
  return at === document.body ? null
    : [at.dataset.walk || "", style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0];
}"""


@pytest.fixture(scope="module")
def site(living):
    """
    The status page as a process of its own, with a token; this process holds the server's lock.
    """
    book, _ = living
    lock = held(book.path.with_name("serve.db.lock"))
    words = [sys.executable, "-m", "schedkit_local.serve.page", str(book.path), "--port", "0"]
    env = {**os.environ, "SCHEDKIT_PAGE_TOKEN": TOKEN}
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, text=True) as page:
        yield page.stdout.readline().split()[-1].rstrip("/")
        page.terminate()
    os.close(lock)


@pytest.fixture(scope="module")
def chromium():
    """
    Debian's browser where there is one, else the one that Playwright brought.
    """
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    arguments = ["--no-sandbox", "--host-resolver-rules=MAP evil.example 127.0.0.1"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def expect():
    """
    Playwright's assertions, which wait for what they expect.
    """
    from playwright.sync_api import expect

    return expect


def broken_rules(page):
    """
    What axe finds wrong on a page.
    """
    from axe_playwright_python.sync_playwright import Axe

    return Axe().run(page).response["violations"]


@pytest.fixture
def visit(chromium, site):
    """
    Open a window; logged in unless told otherwise. What its console says is an error.
    """
    contexts, said = [], []

    def visit(path="/", *, member=True, width=1280, scheme="light", quiet=True, **more):
        context = chromium.new_context(
            base_url=site, color_scheme=scheme, viewport={"width": width, "height": 900}, **more
        )
        contexts.append(context)
        page = context.new_page()
        if quiet:
            page.on("console", lambda told: told.type == "error" and said.append(told.text))
            page.on("pageerror", lambda error: said.append(str(error)))
        if member:
            page.goto("/login")
            page.get_by_label("Token").fill(TOKEN)
            page.get_by_role("button", name="Log in").click()
            page.get_by_role("button", name="Log out").wait_for()
        page.goto(path)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert [] == said


def picture(page, name, violations):
    """
    Keep what a window shows, where somebody wants to look at it.
    """
    folder = os.environ.get("SCHEDKIT_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder, f"{name}.png"), full_page=True)
        found = {each["id"]: [each["impact"], len(each["nodes"])] for each in violations}
        Path(folder, f"{name}.axe.json").write_text(json.dumps(found) + "\n")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PATHS)
def test_axe_finds_nothing(visit, living, name, width, scheme) -> None:
    """
    No page breaks a rule of axe, light or dark, on a telephone or a desk; none is wider than it.
    """
    _, ids = living
    path = PATHS[name].format(**vars(ids))
    more = {"quiet": name != "not-found"}
    page = visit(path, member=name != "login", width=width, scheme=scheme, **more)
    picture(page, f"{name}-{width}-{scheme}", broken_rules(page))
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    found = broken_rules(page)
    assert {} == {each["id"]: [node["html"] for node in each["nodes"]] for each in found}
    assert width == page.evaluate("document.documentElement.scrollWidth")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PATHS)
def test_keys_reach_everything(visit, living, name, width) -> None:
    """
    The tab key alone reaches every link, button and field, in order, and it is seen where it is.
    """
    _, ids = living
    more = {"member": name != "login", "quiet": name != "not-found"}
    page = visit(PATHS[name].format(**vars(ids)), width=width, **more)
    page.evaluate("() => { window.fetch = () => new Promise(() => {}); }")  # it stands still
    count = page.evaluate(WALK)
    page.evaluate("document.activeElement.blur()")
    seen: dict[str, bool] = {}  # in the order of the keys
    for _ in range(3 * count):  # a field of a date has several stops, one of them is its own
        page.keyboard.press("Tab")
        found = page.evaluate(REACHED)
        if found:
            seen[found[0]] = seen.get(found[0], False) or found[1]
        if len(seen) == count:
            break
    assert {str(number): True for number in range(count)} == seen
    assert list(map(str, range(count))) == list(seen)


def test_skip_link(visit) -> None:
    """
    The first key press offers to skip what every page repeats.
    """
    page = visit("/runs")
    page.keyboard.press("Tab")
    assert "Skip to the content" == page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert "schedule" == page.evaluate("document.activeElement.name")


def test_log_is_live(visit, living, expect) -> None:
    """
    A log grows on the page as on the disk, without a reload, and its end stays in sight.
    """
    book, ids = living
    page = visit(f"/runs/{ids.running}", member=False)
    page.evaluate("window.marker = 1; document.querySelector('#steps a').focus()")
    before = ids.log.read_text()
    with ids.log.open("a") as stream:
        stream.write("epoch 60: <b>live</b>\n")
    log = page.locator("#pre-fit")
    expect(log).to_contain_text("epoch 60: <b>live</b>", timeout=10_000)
    assert 1 == page.evaluate("window.marker")
    left = log.evaluate("pre => pre.scrollHeight - pre.clientHeight - pre.scrollTop")
    assert left < 2
    book.sql(
        "UPDATE run SET state = 'succeeded', ended = :now WHERE id = :id",
        now=time.time(),
        id=ids.running,
    )
    expect(page.locator("#state")).to_contain_text("succeeded", timeout=10_000)
    assert 1 == page.evaluate("window.marker")
    book.sql("UPDATE run SET state = 'running', ended = NULL WHERE id = :id", id=ids.running)
    ids.log.write_text(before)


def test_without_script(visit, living, expect) -> None:
    """
    Without JavaScript a link brings what is new.
    """
    _, ids = living
    page = visit(f"/runs/{ids.running}", member=False, java_script_enabled=False)
    before = ids.log.read_text()
    with ids.log.open("a") as stream:
        stream.write("epoch 61\n")
    page.get_by_role("link", name="Look again").click()
    expect(page.locator("#pre-fit")).to_contain_text("epoch 61")
    ids.log.write_text(before)


def test_pause(visit, living, expect) -> None:
    """
    A button asks the server, and its answer appears without a reload.
    """
    book, _ = living
    page = visit("/")
    page.get_by_role("button", name="Pause nightly").click()
    expect(page.locator("#notices")).to_contain_text("Asked to pause.")
    assert [("pause", {"schedule": "nightly"})] == book.requests()
    answer = json.dumps({"ok": True, "text": "schedule 'nightly' is paused"})
    book.sql("UPDATE request SET done = 1, answer = :answer", answer=answer)
    expect(page.locator("#notices")).to_contain_text("schedule 'nightly' is paused")


def test_trigger(visit, living) -> None:
    """
    A pipeline is run with the parameters of its form.
    """
    book, _ = living
    page = visit("/")
    page.locator("summary", has_text="train").click()
    page.get_by_label("epochs").fill("3")
    page.get_by_role("button", name="Run train").click()
    page.get_by_text("Asked to trigger.").wait_for()
    assert [("trigger", {"pipeline": "train", "parameters": {"epochs": 3}})] == book.requests()
    book.sql("UPDATE request SET done = 1, answer = :a", a='{"ok": true, "text": "asked"}')


@contextmanager
def other_site(html):
    """
    Another site of this machine, whose cookies are the same as ours.
    """

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_form_of_another_site(visit, living, site) -> None:
    """
    A form that another site sends from the browser of a member asks nothing.
    """
    book, _ = living
    page = visit("/", quiet=False)
    proof = page.locator("input[name=proof]").first.get_attribute("value")
    html = (
        f"<form method=post action='{site}/do/reload'><input name=proof value={proof}>"
        "<button>Win</button></form>"
    )
    with other_site(html) as url:
        page.goto(url)
        with page.expect_response("**/do/reload") as answer:
            page.get_by_role("button").click()
    assert 403 == answer.value.status
    assert [] == book.requests()


def test_frame_of_another_site(visit, site) -> None:
    """
    Another site cannot show the page in a frame.
    """
    page = visit("/", quiet=False)
    with other_site(f"<iframe src='{site}/'></iframe>") as url:
        page.goto(url, wait_until="networkidle")
        frames = [each.url for each in page.frames[1:]]
    assert ["chrome-error://chromewebdata/"] == frames


def test_rebound_name(chromium, site) -> None:
    """
    A browser that was led here by another name sees nothing (DNS rebinding).
    """
    context = chromium.new_context()
    answer = context.new_page().goto(site.replace("127.0.0.1", "evil.example"))
    assert (421, False) == (answer.status, "nightly" in answer.text())
    context.close()

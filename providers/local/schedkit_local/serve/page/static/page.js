// Brings the parts of a page up to date while it is looked at: those whose HTML changed, nothing
// else. Without this script "Look again" does the same.
"use strict";

document.documentElement.classList.add("script");
const last = new Map();

function parts(page) {
  return new Map([...page.querySelectorAll("[data-part]")].map((part) => [part.id, part]));
}

function remember(page) {
  for (const [id, part] of parts(page)) last.set(id, part.outerHTML);
}

function swap(old, fresh) {
  const held = old.contains(document.activeElement) ? document.activeElement.id : "";
  const scrolls = [...old.querySelectorAll("pre[id]")].map((pre) => {
    const atEnd = pre.scrollTop + pre.clientHeight >= pre.scrollHeight - 4;
    return [pre.id, atEnd ? Infinity : pre.scrollTop];
  });
  old.replaceWith(fresh);
  for (const [id, top] of scrolls) {
    const pre = document.getElementById(id);
    if (pre) pre.scrollTop = Math.min(top, pre.scrollHeight);
  }
  if (held) document.getElementById(held)?.focus({ preventScroll: true });
}

function show(page) {
  const here = parts(document);
  for (const [id, part] of parts(page)) {
    const html = part.outerHTML;
    if (html === last.get(id)) continue;
    const old = here.get(id);
    last.set(id, html);
    const fresh = document.importNode(part, true);
    if (old) swap(old, fresh);
    else document.querySelector("[data-group]")?.append(fresh);
  }
}

function follow(every, failures) {
  if (!every) return;
  setTimeout(async () => {
    if (document.hidden) return follow(every, failures);
    const said = document.getElementById("link");
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      show(page);
      if (said.textContent) said.textContent = "";
      follow(Number(page.body.dataset.every), 0);
    } catch {
      if (failures === 2) said.textContent = "The page's server does not answer; trying again.";
      follow(every, failures + 1);
    }
  }, every);
}

remember(document);
for (const pre of document.querySelectorAll("pre[id]")) pre.scrollTop = pre.scrollHeight;
follow(Number(document.body.dataset.every), 0);

"""Headless Chromium, and what a page may not do in it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium; playwright's own need not be downloaded."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("there is no chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched(browser: Browser, base_url: str, **options: Any) -> Iterator[BrowserContext]:
    """Open a browser's window whose pages may do nothing wrong.

    The console must stay empty, which tells of every violation of the content security policy, no
    script may fail, and no request may go to another service.
    """
    faults: list[str] = []
    context = browser.new_context(base_url=base_url, **options)

    def watch(page: Page) -> None:
        page.on("console", lambda message: faults.append(f"{page.url}: {message.text}"))
        page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
        page.on(
            "request",
            lambda sent: None if sent.url.startswith(base_url) else faults.append(sent.url),
        )

    context.on("page", watch)
    try:
        yield context
        assert not faults, "; ".join(faults)
    finally:
        context.close()


def fits(page: Page) -> bool:
    """Tell whether a page is no wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


UNNAMED = """
() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, textarea, img')]
  .filter(e => !(e.ariaLabel || e.alt || e.innerText?.trim() && e.tagName != 'SELECT'
                 || e.labels?.length))
  .map(e => e.outerHTML)
"""
LANDMARKS = """
() => [document.documentElement.lang,
  ...['header', 'main', 'footer', 'h1', '.skip[href="#content"]']
    .map(words => document.querySelectorAll(words).length)]
"""
HEADINGS = "() => [...document.querySelectorAll('h1, h2, h3, h4')].map(e => +e.tagName[1])"


def check_can_be_read_aloud(page: Page) -> None:
    """Check what a screen reader goes by: names, landmarks, and headings without a gap."""
    assert page.evaluate(UNNAMED) == []
    assert page.evaluate(LANDMARKS) == ["en", 1, 1, 1, 1, 1]
    levels = page.evaluate(HEADINGS)
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def tab_to(page: Page, words: str, *, most: int = 60) -> None:
    """Press the tabulator until what has these words has the focus, and is seen to have it."""
    for _ in range(most):
        page.keyboard.press("Tab")
        told = page.evaluate(
            "(e => [e.innerText || e.value || '', getComputedStyle(e).outlineStyle])"
            "(document.activeElement)"
        )
        if words in told[0]:
            assert told[1] != "none", f"{words} has the focus and does not show it"
            return
    raise AssertionError(f"nothing with the words {words!r} can be reached by the tabulator")

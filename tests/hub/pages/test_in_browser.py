"""Every page of the hub in a real browser: light and dark, wide and narrow, without a mouse."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from hub.audit_log.events import Action, Event
from hub.audit_log.store import LogStore
from hub.database import open_database
from hub.registry.service import Registry
from shared.records import GeneratorVersion
from tests.browser import (
    NARROW,
    WIDE,
    check_can_be_read_aloud,
    chromium,
    fits,
    tab_to,
    watched,
)
from tests.hub.pages.filled import fill
from tests.hub_server import OPERATOR, RunningHub, running_hub

pytestmark = pytest.mark.slow

PAGES = {
    "/generators": "Generators",
    "/generators?centre=centre-b&kind=mass&order=name": "Generators",
    "/generators?kind=other": "Generators",
    "/generators/centre-b/masses": "Masses of phantoms",
    "/generators/centre-b/masses/1": "Masses of phantoms",
    "/generators/centre-a/plain": "Plain",
    "/generators/centre-c/withdrawn/1": "Withdrawn",
    "/generators/centre-c/waiting/1": "Waiting",
    "/receipts": "Receipts",
    "/reviews": "Approval",
    "/centres": "Centres",
    "/log": "Audit log",
    "/log?action=published": "Audit log",
}


@dataclass(frozen=True)
class World:
    hub: RunningHub
    browser: Browser

    def log_in(self, page: Page, name: str = OPERATOR) -> None:
        page.goto(f"/login?once={self.hub.login_link(name)}")
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/generators")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("hub")
    with running_hub(folder / "hub", approval="operator") as hub, chromium() as browser:
        fill(hub, folder)
        yield World(hub, browser)


@pytest.mark.parametrize(
    ("scheme", "size", "scripts"),
    [
        ("light", NARROW, True),
        ("light", WIDE, False),
        ("dark", WIDE, True),
        ("dark", NARROW, False),
    ],
    ids=["light, narrow", "light, wide, no scripts", "dark, wide", "dark, narrow, no scripts"],
)
def test_every_page_is_whole_in_every_window(
    world: World, scheme: Any, size: Any, scripts: bool
) -> None:
    with watched(
        world.browser,
        world.hub.url,
        color_scheme=scheme,
        viewport=size,
        java_script_enabled=scripts,
    ) as window:
        page = window.new_page()
        world.log_in(page)
        found = {}
        for path in PAGES:
            page.goto(path)
            assert page.locator("main").is_visible()
            found[path] = page.locator("h1").inner_text()
            for picture in page.locator("img").all():
                assert picture.evaluate("image => image.complete && image.naturalWidth") == 3
            if scripts:
                assert fits(page), path
                check_can_be_read_aloud(page)

        assert found == PAGES


def test_filters_work_with_and_without_scripts(world: World) -> None:
    for scripts in (True, False):
        with watched(world.browser, world.hub.url, java_script_enabled=scripts) as window:
            page = window.new_page()
            world.log_in(page)
            page.get_by_label("Centre", exact=True).select_option("centre-a")
            if not scripts:
                page.get_by_role("button", name="Show").click()
            page.wait_for_url("**/generators?centre=centre-a**")
            page.get_by_role("link", name="Masses of phantoms").wait_for(state="detached")

            assert page.locator("tbody th a").all_inner_texts() == ["Plain"]


def test_what_goes_wrong_behind_a_filter_is_a_whole_page(world: World) -> None:
    window = world.browser.new_context(base_url=world.hub.url)
    page = window.new_page()
    world.log_in(page)
    window.clear_cookies()

    page.get_by_label("Centre", exact=True).select_option("centre-a")
    page.get_by_role("heading", name="Log in first").wait_for()

    assert "genshare hub login" in page.locator("main").inner_text()
    window.close()


def test_a_person_gets_everywhere_by_keyboard_alone(world: World) -> None:
    with watched(world.browser, world.hub.url) as window:
        page = window.new_page()
        page.goto(f"/login?once={world.hub.login_link(OPERATOR)}")
        tab_to(page, "Log in")
        page.keyboard.press("Enter")
        page.wait_for_url("**/generators")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        assert page.locator(".skip").bounding_box()["x"] >= 0  # type: ignore[index]
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"
        tab_to(page, "Masses of phantoms")
        page.keyboard.press("Enter")
        page.wait_for_url("**/generators/centre-b/masses/2")
        tab_to(page, "Every attack")
        page.keyboard.press("Enter")
        assert page.get_by_role("cell", name="0.58").is_visible()
        page.goto("/reviews")
        tab_to(page, "Approve")
        assert page.evaluate("document.activeElement.ariaLabel").endswith("centre-c/waiting")
        page.goto("/centres")
        tab_to(page, "Audit log")
        page.keyboard.press("Enter")
        page.wait_for_url("**/log")
        tab_to(page, "Log out")
        page.keyboard.press("Enter")
        page.wait_for_url("**/login")
        assert "genshare hub login" in page.locator("main").inner_text()


def test_a_refused_route_wraps_and_what_has_no_centre_has_a_name(world: World) -> None:
    route = "/generators/{centre}/{name}/versions/{version}/files/{file}"
    event = Event(
        action=Action.REFUSED, caller="centre-a", name="centre-x", detail={"route": route}
    )
    log = LogStore(open_database(world.hub.data_dir / "hub.sqlite"))
    log.tell(event, at=datetime(2026, 1, 2))  # noqa: DTZ001 (in UTC, and does not say so)
    with watched(world.browser, world.hub.url, viewport=NARROW) as window:
        page = window.new_page()
        world.log_in(page)
        page.goto("/log?action=refused")

        newest = page.locator("tbody tr").first
        assert route in newest.inner_text()
        assert newest.locator("td").last.inner_text().removeprefix("About: ") == "centre-x"
        assert fits(page)


def test_hostile_words_are_shown_as_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "<img src=x onerror=alert(1)>\"'</title><script>alert(2)</script>{{ 7 * 7 }}"
    find = Registry.find

    def find_hostile(*args: Any, **options: Any) -> GeneratorVersion:
        record = find(*args, **options)
        card = record.card.model_copy(update={"title": hostile, "contact": hostile})
        return record.model_copy(update={"card": card})  # which no hub would have taken

    monkeypatch.setattr(Registry, "find", find_hostile)
    event = Event(action=Action.FETCHED, caller="centre-a", address=hostile)
    log = LogStore(open_database(world.hub.data_dir / "hub.sqlite"))
    with watched(world.browser, world.hub.url) as window:
        page = window.new_page()
        world.log_in(page)
        page.goto("/generators/centre-b/masses")

        assert page.locator("h1").inner_text() == hostile
        assert hostile in page.title()
        assert page.get_by_role("definition").filter(has_text=hostile).count() == 1
        log.tell(event, at=datetime(2026, 1, 2))  # noqa: DTZ001 (in UTC, and does not say so)
        page.goto("/log")
        assert page.locator("tbody tr").first.locator(".beneath").inner_text() == hostile[:64]

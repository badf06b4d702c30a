"""Two people's way through two nodes in a real browser, by mouse: from phantoms to a report."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import NARROW, WIDE, chromium, fits, watched
from tests.centre_node.node_server import Node
from tests.hub_server import RunningHub, running_hub

pytestmark = pytest.mark.slow

JOB_ENDS_MS = 240_000
SMALL_TRAINING = {
    "Size of a patch (px)": "16",
    "Width": "4",
    "Epochs": "40",
}
IN_DETAIL = {"Batch size": "4", "Checkpoint every epochs": "10"}
SMALL_STUDY = {
    "Repetitions": "2",
    "Lesions added": "8",
    "Steps of a classifier's training": "8",
    "Epochs of the own generator": "2",
}


@dataclass(frozen=True)
class Person:
    """Someone at a node's pages, who clicks and types."""

    page: Page

    def opens(self, section: str) -> None:
        self.page.get_by_role("navigation").get_by_role("link", name=section).click()

    def follows(self, link: str) -> None:
        self.page.get_by_role("main").get_by_role("link", name=link, exact=True).first.click()

    def presses(self, button: str) -> None:
        self.page.get_by_role("main").get_by_role("button", name=button, exact=True).click()

    def types(self, fields: dict[str, str]) -> None:
        for label, text in fields.items():
            self.page.get_by_label(label, exact=True).fill(text)

    def sees(self, words: str) -> None:
        expect(self.page.get_by_role("main")).to_contain_text(words, timeout=JOB_ENDS_MS)

    def sees_pictures(self) -> None:
        """Wait for the pictures of a page, every one of which must be there."""
        self.page.wait_for_load_state("networkidle")
        for picture in self.page.locator("main img").all():
            picture.scroll_into_view_if_needed()
            expect(picture).to_have_js_property("complete", True)
            assert picture.evaluate("image => image.naturalWidth") > 0


@contextmanager
def logged_in(node: Node, browser: Browser, **options: Any) -> Iterator[Person]:
    """Open the link that the node's command prints."""
    url = str(node.http.base_url.join("/")).rstrip("/")
    command = [sys.executable, "-m", "genshare", "node", "login", "--name", "Dr Ada"]
    printed = subprocess.run(
        [*command, "--data-dir", str(node.data_dir), "--url", url],
        capture_output=True,
        text=True,
        check=True,
    )
    with watched(browser, url, **options) as window:
        page = window.new_page()
        page.goto(printed.stdout.strip())
        page.get_by_role("button", name="Log in").click()
        yield Person(page)


def connects(person: Person, hub: RunningHub, centre: str) -> None:
    token = hub.client().invite(centre, renew=True)
    person.opens("Settings")
    person.types({"Address of the hub": hub.url, "Name of this centre there": centre})
    person.types({"Token": token})
    person.presses("Connect")
    person.sees(f"As{centre}")
    assert token not in person.page.content()


def draws_and_registers_phantoms(person: Person, style: str) -> None:
    person.page.goto("/")
    person.follows("Draw phantoms")
    person.page.get_by_label("Style", exact=True).select_option(style)
    person.types({"Patients": "16", "Healthy share": "0.2"})
    person.page.get_by_text("More settings").click()
    person.types({"Image height (px)": "256"})
    person.presses("Draw them")
    person.sees("16 patients were drawn")
    person.presses("Register them as a data set")
    person.sees("What was counted")


def looks_at_patches(person: Person) -> None:
    person.page.get_by_role("main").get_by_role("link", name="Look at its patches").click()
    person.presses("Draw them")
    person.sees("What came out")
    person.sees_pictures()


def trains(person: Person) -> str:
    """Train a generator, and return the path of the job's page."""
    person.page.goto("/")
    person.follows("Train a generator")
    person.types(SMALL_TRAINING)
    person.page.get_by_text("The training in detail").click()
    person.types(IN_DETAIL)
    person.presses("Start the training")
    person.sees("discriminator loss")  # while it runs, or at its end
    person.sees("What came out")
    person.sees("after epoch 40")
    person.sees_pictures()
    return re.sub(r"^https?://[^/]+", "", person.page.url)


def publishes(person: Person) -> None:
    """Publish the training whose page is open, after a look at what would leave."""
    person.follows("Publish it")
    person.types({"Name": "masses", "Title": "Masses of phantoms", "Contact": "Dr Ada"})
    person.presses("Prepare the release")
    person.sees("Nothing was sent yet")
    person.follows("Review it")
    person.sees("weights.safetensors")
    person.sees("at least 10 patients")
    person.presses("Approve and send")
    person.sees("Published as centre-b/masses, version 1")


def pulls(person: Person) -> None:
    person.opens("Generators")
    person.presses("Pull it")
    person.sees("centre-b/masses, version 1, lies here and was verified")


def samples(person: Person) -> None:
    person.follows("Sample patches")
    person.presses("Draw them")
    person.sees("64 synthetic patches of 16 by 16 pixels")
    person.sees_pictures()


def studies(person: Person) -> None:
    person.opens("Studies")
    person.follows("Start a study")
    compared = person.page.get_by_role("group", name="What is compared")
    expect(compared.get_by_label("centre-b masses v1")).to_be_checked()
    compared.get_by_label("own generator").check()
    for folded in ("Lesions in the look of the own ones", "The own generator"):
        person.page.get_by_text(folded, exact=True).click()
    person.page.get_by_label("centre-b masses v1").last.check()
    person.types(SMALL_STUDY)
    person.presses("Estimate its time first")
    person.sees("The training of the centre's own generator is not in it.")
    person.sees(", one look")
    person.presses("Start this study")
    person.sees("Read the report")
    report = person.page.frame_locator("iframe[title=Report]")
    expect(report.get_by_role("heading", level=1)).to_contain_text("Study")
    person.follows("Read the report")
    expect(person.page.get_by_role("heading", level=1)).to_contain_text("Study")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    with running_hub(tmp_path_factory.mktemp("hub") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def donor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    donor = tmp_path_factory.mktemp("donor") / "data"
    node = Node(donor, python=sys.executable, NODE_REVIEW="person")
    yield node
    node.stop()


@pytest.fixture(scope="module")
def taker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    node = Node(tmp_path_factory.mktemp("taker") / "data")
    yield node
    node.stop()


@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_from_phantoms_to_a_report_by_mouse_in_both_colour_schemes(
    browser: Browser, hub: RunningHub, donor: Node, taker: Node
) -> None:
    with logged_in(donor, browser, color_scheme="light", viewport=WIDE) as person:
        connects(person, hub, "centre-b")
        draws_and_registers_phantoms(person, "film")
        looks_at_patches(person)
        trains(person)
        publishes(person)
    with logged_in(taker, browser, color_scheme="dark", viewport=NARROW) as person:
        connects(person, hub, "centre-a")
        draws_and_registers_phantoms(person, "digital")
        pulls(person)
        samples(person)
        studies(person)
    assert donor.process.memory_info().rss < USED_BYTES


USED_BYTES = 140_000_000
PAGES = (
    "/",
    "/data",
    "/jobs",
    "/generators",
    "/studies",
    "/settings",
    "/new/study",
    "/new/publish",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_every_page_fits_its_window(browser: Browser, taker: Node, scheme: Any, size: Any) -> None:
    with logged_in(taker, browser, color_scheme=scheme, viewport=size) as person:
        for path in PAGES:
            person.page.goto(path)
            assert fits(person.page), path


def test_without_scripts_a_job_is_started_followed_and_cancelled(
    browser: Browser, taker: Node
) -> None:
    with logged_in(taker, browser, java_script_enabled=False) as person:
        person.page.goto("/new/write_phantoms")
        person.types({"Patients": "2000"})
        person.presses("Draw them")
        expect(person.page.locator("noscript meta[http-equiv=refresh]")).to_have_count(1)
        person.presses("Cancel this job")
        person.sees("cancelled")

"""A node's pages, seen from a browser's side of the wire."""

from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest

from centre_node.connection.store import ConnectionStore
from centre_node.datasets.store import DatasetStore
from centre_node.jobs.store import JobStore
from centre_node.pages.job_forms import (
    AtHand,
    TrainingStart,
    phantoms_form,
    preview_form,
    train_form,
)
from centre_node.pages.study_form import study_form
from node_api.connection import HubConnection
from node_api.data_sources import PhantomSet
from node_api.requests import RegisterRequest, TrainGeneratorRequest, WritePhantomsRequest
from node_api.results import FinishedTraining, WrittenPhantoms
from shared.access import Caller, Role
from tests.centre_node.pages.browsed import BrowsedNode, browsed_node
from tests.centre_node.pages.test_forms import sent_as_filled
from tests.centre_node.pages.test_views import a_dataset
from tests.centre_node.sharing.test_publish import TRAINED

HOSTILE = "<img src=x onerror=alert(1)>"
TOKEN = "gsc_never-shown-again"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
TRAINED_JOB, DRAWN_JOB = "a" * 32, "d" * 32
PAGES = (
    "/",
    "/data",
    "/jobs",
    f"/jobs/{TRAINED_JOB}",
    f"/jobs/{TRAINED_JOB}/live",
    "/generators",
    "/studies",
    "/settings",
    "/new/write_phantoms",
    "/new/preview",
    "/new/train_generator",
    "/new/train_generator?recipe=paper&loss=wgan-gp",
    "/new/train_generator?recipe=nothing&loss=such",
    f"/new/audit?training={TRAINED_JOB}",
    "/new/publish",
    "/new/pull",
    "/new/sample",
    "/new/study",
)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowsedNode]:
    """A node with a finished training that has left files, and a folder with a hostile name."""
    folder = tmp_path_factory.mktemp("node")
    (folder / "mammograms" / HOSTILE).mkdir(parents=True)
    with browsed_node(folder / "data", mammograms_dir=folder / "mammograms") as node:
        jobs = JobStore(node.engine)
        jobs.add(TRAINED_JOB, TrainGeneratorRequest(dataset="own"), None, now=NOW)
        jobs.claim(now=NOW)
        jobs.succeed(TRAINED_JOB, FinishedTraining(**dict(TRAINED), skipped={HOSTILE: 2}), now=NOW)
        artifacts = folder / "data" / "jobs" / TRAINED_JOB / "artifacts"
        (artifacts / "samples").mkdir(parents=True)
        (artifacts / "index.html").write_text("<p>report</p>")
        (artifacts / "samples" / "epoch-0050.png").write_bytes(b"png")
        (artifacts / "array.npy").write_bytes(b"numbers")
        (artifacts / f"{HOSTILE[:10].replace('/', '')}.txt").write_text("hostile")
        (artifacts / "losses.csv").write_text(
            "epoch,discriminator_loss,generator_loss\n1,2.0,0.5\n2,1.0,0.7\n"
        )
        connection = HubConnection(centre="centre-a", url="http://127.0.0.1:9", token=TOKEN)
        ConnectionStore(node.engine).put(connection)
        yield node


@pytest.fixture(scope="module")
def browser(node: BrowsedNode) -> httpx.Client:
    return node.browser()


def attributes(page: str) -> set[str]:
    """Return the names of all attributes in a page: where a script or style could hide."""
    found: set[str] = set()

    class Attributes(HTMLParser):
        def handle_starttag(self, _tag: str, given: list[tuple[str, str | None]]) -> None:
            found.update(name for name, _ in given)

    Attributes().feed(page)
    return found


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_whole_strict_kept_by_nobody_and_for_the_staff_alone(
    node: BrowsedNode, browser: httpx.Client, path: str
) -> None:
    page = browser.get(path)
    strangers = node.browser(None).get(path)

    assert page.status_code == 200, page.text
    assert strangers.status_code == 401
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'; ")
    assert "unsafe" not in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert {name for name in attributes(page.text) if name.startswith("on")} == set()
    assert "style" not in attributes(page.text)
    assert "{{" not in page.text


def test_names_that_are_code_are_shown_as_they_are_written(browser: httpx.Client) -> None:
    for path in ("/data", f"/jobs/{TRAINED_JOB}"):
        text = browser.get(path).text
        assert "<img src=x" not in text
        assert "&lt;img src=x" in text


def test_a_running_training_shows_its_losses_by_name_and_its_newest_samples(
    browser: httpx.Client,
) -> None:
    live = browser.get(f"/jobs/{TRAINED_JOB}/live")

    assert "discriminator loss: 1.000" in live.text
    assert "generator loss: 0.700" in live.text
    assert f"/jobs/{TRAINED_JOB}/files/samples/epoch-0050.png" in live.text
    assert "<html" not in live.text
    assert live.headers["HX-Refresh"] == "true"  # it has ended: the whole page is loaded again


@pytest.mark.parametrize(
    ("name", "kind", "is_downloaded"),
    [
        ("samples/epoch-0050.png", "image/png", False),
        ("losses.csv", "text/plain; charset=utf-8", False),
        ("index.html", "text/html; charset=utf-8", False),
        ("array.npy", "application/octet-stream", True),
    ],
)
def test_files_are_kept_by_no_browser_and_can_do_nothing(
    node: BrowsedNode, browser: httpx.Client, name: str, kind: str, is_downloaded: bool
) -> None:
    path = f"/jobs/{TRAINED_JOB}/files/{name}"

    file = browser.get(path)

    assert file.status_code == 200
    assert file.headers["Content-Type"] == kind
    assert file.headers["Cache-Control"] == "no-store"
    assert file.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert ("attachment" in file.headers.get("Content-Disposition", "")) is is_downloaded
    assert node.browser(None).get(path).status_code == 401
    assert browser.get(f"/jobs/{TRAINED_JOB}/files/../{name}").status_code == 404


def test_a_form_that_another_site_sends_changes_nothing(
    node: BrowsedNode, browser: httpx.Client
) -> None:
    before = len(JobStore(node.engine).all())

    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}):
        answer = browser.post("/new/write_phantoms", data={"threads": "1"}, headers=headers)
        assert answer.status_code == 403

    assert len(JobStore(node.engine).all()) == before


def test_what_is_wrong_with_a_form_is_said_at_its_field_and_what_was_typed_stays(
    browser: httpx.Client,
) -> None:
    again = browser.post("/new/pull", data={"centre": HOSTILE, "name": "masses", "threads": "1"})

    assert again.status_code == 422
    assert "It must be lower-case letters, digits and inner hyphens, at most 63." in again.text
    assert "&lt;img src=x onerror=alert(1)&gt;" in again.text
    assert 'aria-invalid="true"' in again.text


def test_a_folded_part_of_the_study_form_is_open_where_something_in_it_is_wrong(
    tmp_path: Path,
) -> None:
    form = study_form(AtHand(datasets=("lent", "own")), "own")
    margin = "study.donor_cuttings.lent.margin"
    both = {f"{margin}_px": ["9"], f"{margin}_mm": ["2"], "arms": ["data:lent"]}

    with browsed_node(tmp_path) as node:
        for name in ("lent", "own"):
            DatasetStore(node.engine).put(a_dataset().model_copy(update={"name": name}))
        again = node.browser().post(
            "/new/study", data={**form.hidden, **sent_as_filled(form, **both)}
        )

    assert again.status_code == 422
    _, opened = again.text.split("<details open>")
    assert opened.lstrip().startswith("<summary>How lesions of lent are cut</summary>")
    assert "The margin is given in px and in mm; give one of them." in opened


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("study", "study.patches.margin_mm"),
        ("study", "study.donor_cuttings.film.margin_mm"),
        ("train_generator", "patches.margin_mm"),
        ("preview", "patches.smallest_side_mm"),
    ],
)
def test_a_length_in_mm_is_refused_at_its_field_where_no_image_has_a_pixel_spacing(
    tmp_path: Path, kind: str, field: str
) -> None:
    of_donor = "donor_cuttings" in field
    at_hand = AtHand(datasets=("own", "film"), lesions={"own": {"mass": 30}, "film": {"mass": 30}})
    form = {
        "study": lambda: study_form(at_hand, "own"),
        "train_generator": lambda: train_form(at_hand, TrainingStart(), "own"),
        "preview": lambda: preview_form(at_hand, "own"),
    }[kind]()
    lengths = {field: ["4.2"]} | ({} if of_donor else {field.replace("_mm", "_px"): [""]})
    arms = {"arms": ["data:film"]} if of_donor else {}

    with browsed_node(tmp_path) as node:
        for name, spacing in (("own", "0.07" if of_donor else "unknown"), ("film", "unknown")):
            made = a_dataset(pixel_spacings_mm={spacing: 100})
            DatasetStore(node.engine).put(made.model_copy(update={"name": name}))
        sent = {**form.hidden, **sent_as_filled(form, **lengths, **arms)}
        again = node.browser().post(f"/new/{kind}", data=sent)
        jobs = JobStore(node.engine).all()

    length = field.rpartition(".")[2]
    whose = "film" if of_donor else "own"
    _, at_field = again.text.split(f'id="{field}-told"')
    assert again.status_code == 422
    assert (
        f"Not one image of the data set {whose} has a pixel spacing, which {length}"
        in at_field.split("</span>")[0]
    )
    assert not jobs


@pytest.mark.parametrize("kind", ["study", "train_generator", "preview"])
def test_a_form_is_filled_in_for_the_data_set_that_is_sent_with_it(
    tmp_path: Path, kind: str
) -> None:
    with browsed_node(tmp_path) as node:
        for name, spacing in (("film", "unknown"), ("own", "0.07")):
            made = a_dataset(pixel_spacings_mm={spacing: 100})
            DatasetStore(node.engine).put(made.model_copy(update={"name": name}))
        film, own = (
            node.browser().get(f"/new/{kind}", params={"dataset": name}).text
            for name in ("film", "own")
        )

    for page, name in ((film, "film"), (own, "own")):
        choosing, asking = page.split('<form method="post" action="/new/')
        other = {"film": "own", "own": "film"}[name]
        assert f"Data set: <b>{name}</b>" in choosing
        assert f'<a href="?dataset={other}">{other}</a>' in choosing
        assert f'<input type="hidden" name="dataset" value="{name}">' in asking
        assert '<select id="dataset"' not in page
    assert ('value="9.0"' in own, 'value="9.0"' in film) == (True, False)


def test_the_token_of_the_hub_is_shown_nowhere(browser: httpx.Client) -> None:
    wrong = browser.post(
        "/settings/hub", data={"url": "http://127.0.0.1:9", "centre": "B", "token": "typed-token"}
    )

    for page in (*map(browser.get, PAGES), wrong):
        assert TOKEN not in page.text
        assert "typed-token" not in page.text
    assert "centre-a" in browser.get("/settings").text


def test_a_hub_that_does_not_answer_is_told_in_a_sentence(browser: httpx.Client) -> None:
    page = browser.get("/generators?ask=hub")
    fragment = browser.get("/generators/hub")

    for text in (page.text, fragment.text):
        assert "The hub does not say: " in text
    assert fragment.status_code == 200


def test_phantoms_and_folders_are_registered_and_what_cannot_be_is_said(
    browser: httpx.Client,
) -> None:
    missing = browser.post("/data", data={"name": "own", "source.folder": "../.."})
    nothing = browser.post("/data", data={"name": "own", "phantoms": TRAINED_JOB})
    unnamed = browser.post("/data", data={"name": "", "source.folder": "."})

    assert (missing.status_code, nothing.status_code, unnamed.status_code) == (422, 422, 422)
    assert "outside the mammograms folder" in missing.text
    assert "Fill this in." in unnamed.text


def test_a_name_that_is_taken_keeps_its_mammograms_and_another_is_asked_for(tmp_path: Path) -> None:
    film, other = (PhantomSet(style="film", patients=2, seed=n, written_as="bcdr") for n in (1, 2))
    with browsed_node(tmp_path) as node:
        datasets, jobs = DatasetStore(node.engine), JobStore(node.engine)
        datasets.put(a_dataset(source=film))
        jobs.add("c" * 32, RegisterRequest(name="counted", source=film), None, now=NOW)
        jobs.add(DRAWN_JOB, WritePhantomsRequest(phantoms=other), None, now=NOW)
        assert jobs.claim(now=NOW)
        assert jobs.claim(now=NOW)
        jobs.succeed(DRAWN_JOB, WrittenPhantoms(layout="bcdr", phantoms=other), now=NOW)
        browser = node.browser()
        taken, soon = (
            browser.post("/data", data={"name": name, "phantoms": DRAWN_JOB})
            for name in ("own", "counted")
        )
        kept = [(one.name, one.source) for one in datasets.all()]

    assert (taken.status_code, soon.status_code, kept) == (422, 422, [("own", film)])
    fault = 'class="fault">This name is taken: own is phantoms of 2 patients, film'
    assert fault in taken.text
    assert f'name="phantoms" value="{DRAWN_JOB}"' in taken.text  # what is asked again is the name
    assert 'name="source.folder"' not in taken.text


def test_a_job_that_is_not_there_is_a_page_that_says_so(browser: httpx.Client) -> None:
    answer = browser.get("/jobs/none")

    assert answer.status_code == 404
    assert "No such job" in answer.text
    assert answer.headers["Content-Type"].startswith("text/html")


def test_only_staff_sees_pages(node: BrowsedNode) -> None:
    reader = node.browser(Caller("centre-b", Role.READER))

    assert reader.get("/data").status_code == 403


def test_jobs_are_started_cancelled_and_planned_studies_started(
    node: BrowsedNode, browser: httpx.Client
) -> None:
    form: dict[str, Any] = {**sent_as_filled(phantoms_form("film"))}

    started = browser.post("/new/write_phantoms", data=form)
    where = started.headers["Location"]
    cancelled = browser.post(f"{where}/cancel")
    not_planned = browser.post(f"{where}/start")

    assert started.status_code == 303
    assert (cancelled.status_code, cancelled.headers["Location"]) == (303, where)
    assert JobStore(node.engine).find(where.removeprefix("/jobs/")).state == "cancelled"  # type: ignore[union-attr]
    assert not_planned.status_code == 409

import base64
import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path

from shared.cuttings import Cutting
from simulation.report.page import page_of
from simulation.report.records import PictureRecord, Report
from simulation.report.tables import markdown_of, terminal_tables
from simulation.report.wording import fidelity, summary_of
from simulation.report.writing import write_report
from study_report.page import study_html
from tests.packages import a_fidelity_report
from tests.simulation.made_up import a_report, a_study
from tests.study_report import made_up

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
PICTURES = {"b-real.png": PNG, "b-synthetic.png": PNG, "centre-a-all-real-lesion-patches.png": PNG}
COLUMNS = (
    "classifier,arm,train_fraction,lesions,seed,n_train_real,n_train_synthetic,n_test,prevalence,"
    "accuracy,f1,auroc,auprc,f1_healthy,auprc_healthy"
)
HOSTILE = '<script>alert("x")</script> & <b>bold</b>'


class Tags(HTMLParser):
    """Collects the names and attributes of a page's elements."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs


def tags_of(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    return tags


def test_the_summary_says_what_was_shared_before_what_it_brought() -> None:
    sentences = summary_of(a_report())

    assert "shared 2 files of 3.0 MB of weights" in sentences[0]
    assert "say nothing about real mammograms" in sentences[1]
    assert sentences[2].startswith("Of what real patches of centre-b bring, its")


def test_every_study_is_summed_up() -> None:
    study = a_study()
    report = a_report().model_copy(update={"studies": (study, study)})

    assert len(summary_of(report)) == 2 * len(summary_of(a_report())) - 2


def test_the_page_asks_for_nothing_beside_it() -> None:
    page = page_of(a_report(), PICTURES)
    tags = tags_of(page)

    assert not re.search(r"https?:|@import|url\(", page)
    assert not {"script", "link", "iframe", "object"} & set(tags.names)
    sources = [value or "" for name, value in tags.attributes if name in {"src", "href"}]
    assert len(sources) == len(PICTURES)
    assert all(source.startswith("data:image/png;base64,") for source in sources)


def test_hostile_texts_are_shown_as_text() -> None:
    report = a_report(title=HOSTILE).model_copy(update={"description": HOSTILE})

    tags = tags_of(page_of(report, PICTURES))

    assert "script" not in tags.names
    assert "\\<script\\>" in markdown_of(report)


def test_a_study_shows_the_pictures_of_its_own_centre_and_lesions() -> None:
    masses = a_study(made_up.a_study(lesions="masses"))
    report = a_report().model_copy(update={"studies": (a_study(), masses)})

    page = page_of(report, PICTURES)

    assert page.count("Real lesion patches that centre-a trained on.") == 2  # alt and caption


def test_what_a_generator_draws_is_shown_once() -> None:
    report = a_report()
    used = PictureRecord(
        file="centre-a-all-synthetic-centre-b-lesions-dcgan.png", of="all", caption="As B used it."
    )
    both = report.model_copy(update={"pictures": (*report.pictures, used)})

    sampled = "Synthetic patches that centre-a sampled."
    assert sampled in page_of(report, PICTURES)
    assert sampled not in page_of(both, {**PICTURES, used.file: PNG})


def test_the_section_of_a_study_is_that_of_its_own_report() -> None:
    report = a_report()
    section = study_html(report.presented(report.studies[0]), {"real-lesion-patches.png": PNG})

    assert section in page_of(report, PICTURES)


def test_the_files_agree_with_each_other(tmp_path: Path) -> None:
    report = a_report()
    page = write_report(tmp_path / "report", report, PICTURES)
    written = tmp_path / "report"

    lines = (written / "results.csv").read_text().splitlines()
    rows = list(csv.DictReader(lines))
    assert page == written / "index.html"
    assert lines[0].startswith(COLUMNS)
    assert len(rows) == len(report.rows) == 120
    assert Report.model_validate_json((written / "report.json").read_text()) == report
    assert json.loads((written / "report.json").read_text())["studies"][0]["centre"] == "A"
    assert "## centre-a: lesions of every kind" in (written / "tables.md").read_text()
    assert "\\toprule" in (written / "tables.tex").read_text()
    assert (written / "pictures" / "b-real.png").read_bytes() == PNG
    assert not [path for path in written.rglob(".*") if path.is_file()]


def test_the_terminal_has_a_table_for_each_training_fraction() -> None:
    titles = [str(table.title) for table in terminal_tables(a_report())]

    assert titles == [
        f"centre-a, lesions of every kind: CNN, {share}\N{NO-BREAK SPACE}% of the training patients"
        for share in (100, 50)
    ]


def test_fidelity_is_said_beside_what_real_patches_reach() -> None:
    judged, few = fidelity(a_fidelity_report(40)), fidelity(a_fidelity_report(10))

    assert judged.startswith(
        "coverage 0.50, the share of real patches with a sample nearby, where two halves of them "
        "reach 0.50; kernel distance 6.50 (95 % 6.40 to 6.60), the halves 0.01; "
        "a classifier tells samples from real patches with an AUROC of 0.97, the halves with 0.52."
    )
    assert few == "not judged: fewer than 20 patches"


def test_what_a_card_does_not_know_is_unknown_on_the_page() -> None:
    report = a_report()
    published = report.generators[0].published
    unknown = {"patients": None, "patches": None}
    card = published.card.model_copy(
        update={
            "training_set": published.card.training_set.model_copy(update=unknown),
            "training": published.card.training.model_copy(update={"epochs": None}),
        }
    )
    first = report.generators[0].model_copy(
        update={"published": published.model_copy(update={"card": card})}
    )

    page = " ".join(page_of(report.model_copy(update={"generators": (first,)}), PICTURES).split())

    assert "unknown patches of unknown patients; phantoms" in page
    assert "unknown epochs, batch 16;" in page
    assert "cut with" not in page


def test_how_lesions_were_cut_is_on_the_page_where_a_card_tells_it() -> None:
    report = a_report()
    first = report.generators[0]
    card = first.published.card
    cutting = Cutting(margin_px=14, smallest_side_px=32)
    trained_on = card.training_set.model_copy(update={"cutting": cutting})
    telling = card.model_copy(update={"training_set": trained_on})
    published = first.published.model_copy(update={"card": telling})
    generators = (first.model_copy(update={"published": published}),)

    page = page_of(report.model_copy(update={"generators": generators}), PICTURES)

    told = "phantoms; mass; cut with a margin of 14 px and a smallest side of 32 px<"
    assert told in " ".join(page.split()).replace(" <", "<")

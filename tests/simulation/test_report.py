import base64
import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from simulation.report.chart import axis_for, panels_of
from simulation.report.page import page_of
from simulation.report.records import ArmRecord, Report
from simulation.report.statistics import cells_of, comparisons_of, spread_of
from simulation.report.tables import markdown_of, terminal_tables
from simulation.report.wording import fidelity, number, signed, summary_of
from simulation.report.writing import write_report
from tests.packages import a_fidelity_report
from tests.simulation.made_up import ARMS, a_report, a_study, rows_of

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
PICTURES = {"b-real.png": PNG, "b-synthetic.png": PNG, "a-lesion.png": PNG}
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


def test_the_spread_over_seeds_is_known_exactly() -> None:
    spread = spread_of([0.80, 0.82, 0.84])

    assert spread.mean == pytest.approx(0.82)
    assert spread.std == pytest.approx(0.02)
    assert number(spread) == "0.820 (0.020)"


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.5], "0.500"),
        ([None], "n/a"),
        ([None, None], "n/a"),
        ([0.5, None], "0.500 [1 of 2]"),
        ([0.5, 0.7, None], "0.600 (0.141) [2 of 3]"),
    ],
)
def test_undefined_metrics_and_single_seeds_are_said_so(
    values: list[float | None], shown: str
) -> None:
    assert number(spread_of(values)) == shown


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [
        ((0.88, 0.90, 0.92), "higher"),
        ((0.70, 0.72, 0.74), "lower"),
        ((0.81, 0.83, 0.85), "no clear difference"),
        ((0.80, 0.82, 0.84), "no clear difference"),
        ((0.60, 0.90, 1.00), "no clear difference"),
        ((None, None, None), "undefined"),
    ],
)
def test_a_difference_counts_only_above_the_spread(
    ours: tuple[float | None, ...], verdict: str
) -> None:
    cells = cells_of(rows_of({"none": (0.80, 0.82, 0.84), "B": ours}))

    (comparison,) = comparisons_of(cells, ARMS, against=ARMS[0])

    assert comparison.verdict == verdict


def test_one_seed_is_no_ground_for_a_verdict() -> None:
    rows = rows_of({"none": (0.5,), "B": (0.9,)})
    (comparison,) = comparisons_of(cells_of(rows), ARMS, against=ARMS[0])
    text = " ".join(summary_of(a_report(study=a_study(rows))))

    assert comparison.verdict == "one seed only"
    assert "cannot be judged" in text
    assert "no difference in these tables can be told from chance" in text


def test_the_summary_counts_what_the_numbers_say() -> None:
    text = " ".join(summary_of(a_report()))

    assert "shared 3.0 MB of weights" in text
    assert "say nothing about real mammograms" in text
    assert "AUROC of 0.820 (0.020) with 100% of the training patients and 0.720 (0.026)" in text
    assert "higher by more than the spread over seeds in 3, was lower by more than that" in text


def test_small_differences_are_called_no_clear_difference() -> None:
    rows = rows_of({"none": (0.80, 0.82, 0.84), "B": (0.81, 0.83, 0.85)})

    assert "made no clear difference to the AUROC in the one comparison" in " ".join(
        summary_of(a_report(study=a_study(rows)))
    )


def test_a_study_with_no_generators_and_no_baseline_still_has_a_report() -> None:
    arms = (ArmRecord(name="extra healthy only", generators=(), extra_healthy=True),)
    study = a_study(rows_of({"extra healthy only": (None, 0.7)}), arms)

    assert "n/a" not in page_of(a_report(study=study), PICTURES)


def test_signs_are_true_minus_signs() -> None:
    assert (signed(0.0123), signed(-0.5), signed(None)) == ("+0.012", "\N{MINUS SIGN}0.500", "n/a")


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
    hostile_arms = tuple(arm.model_copy(update={"name": f"{HOSTILE}{arm.name}"}) for arm in ARMS)
    rows = [row.model_copy(update={"arm": f"{HOSTILE}{row.arm}"}) for row in a_study().rows]
    report = report.model_copy(update={"studies": (a_study(rows, hostile_arms),)})

    tags = tags_of(page_of(report, PICTURES))

    assert "script" not in tags.names
    assert "\\<script\\>" in markdown_of(report)


def test_the_chart_has_a_dot_for_every_defined_run() -> None:
    rows = rows_of({"none": (0.80, None, 0.84), "B": (0.9, 0.91, 0.92)})
    (panel,) = panels_of(a_study(rows))

    assert panel.svg.count("<circle") == 5
    assert "seed 2: 0.840" in panel.svg


@pytest.mark.parametrize("values", [[], [0.0], [1.0], [0.5, 0.5], [0.02, 0.99], [0.812, 0.845]])
def test_the_axis_holds_every_value_between_its_ends(values: list[float]) -> None:
    axis = axis_for(values)

    assert 0 <= axis.low < axis.high <= 1
    assert all(axis.low <= value <= axis.high for value in values)
    assert 2 <= len(axis.ticks) <= 9


def test_the_files_agree_with_each_other(tmp_path: Path) -> None:
    report = a_report()
    page = write_report(tmp_path / "report", report, PICTURES)
    written = tmp_path / "report"

    lines = (written / "results.csv").read_text().splitlines()
    rows = list(csv.DictReader(lines))
    assert page == written / "index.html"
    assert lines[0].startswith(COLUMNS)
    assert len(rows) == len(report.rows) == 30
    assert Report.model_validate_json((written / "report.json").read_text()) == report
    assert json.loads((written / "report.json").read_text())["studies"][0]["centre"] == "A"
    assert "| B | 216 | 120 |" in (written / "tables.md").read_text()
    assert "0.900 (0.020)" in (written / "tables.md").read_text()
    assert (written / "pictures" / "b-real.png").read_bytes() == PNG
    assert not [path for path in written.rglob(".*") if path.is_file()]


def test_the_terminal_has_a_table_for_each_training_fraction() -> None:
    titles = [str(table.title) for table in terminal_tables(a_report())]

    assert titles == [
        "centre-a, lesions of every kind: CNN, 100% of the training patients, 120 test patches, "
        "50% lesions",
        "centre-a, lesions of every kind: CNN, 50% of the training patients, 120 test patches, "
        "50% lesions",
    ]


def test_fidelity_is_said_beside_what_real_patches_reach() -> None:
    judged, few = fidelity(a_fidelity_report(40)), fidelity(a_fidelity_report(10))

    assert judged.startswith(
        "kernel distance 6.50 (95 % 6.40 to 6.60) where two halves of the real patches have 0.01; "
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
            "training": published.card.training.model_copy(update={"epochs": None, "seed": None}),
        }
    )
    first = report.generators[0].model_copy(
        update={"published": published.model_copy(update={"card": card})}
    )

    page = " ".join(page_of(report.model_copy(update={"generators": (first,)}), PICTURES).split())

    assert "unknown patches of unknown patients; phantoms" in page
    assert "unknown epochs, batch 16, seed unknown" in page

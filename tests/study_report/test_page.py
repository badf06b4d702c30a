import base64
import re
import subprocess
import sys
from html.parser import HTMLParser

from node_api.findings import FailedRun
from study_report.page import first_look, study_html, study_page
from tests.study_report.made_up import NONE, B, a_study

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
PICTURES = {
    "real-lesion-patches.png": PNG,
    "synthetic-centre-b-masses-dcgan.png": PNG,
    "mistakes.png": PNG,
}
VOID = {"meta", "img", "br"}


class Tags(HTMLParser):
    """Collects elements and addresses, and checks that elements are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.addresses: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def tags_of(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    return tags


def test_the_page_asks_for_nothing_beside_it_and_runs_nothing() -> None:
    page = study_page(a_study(), PICTURES)
    tags = tags_of(page)

    assert not re.search(r"https?:|@import|url\(", page)
    assert not {"script", "link", "iframe", "object"} & set(tags.names)
    assert len(tags.addresses) == len(PICTURES)
    assert all(address.startswith("data:image/png;base64,") for address in tags.addresses)


def test_every_element_is_closed() -> None:
    assert tags_of(study_page(a_study(classifiers=("cnn", "swin")), PICTURES)).open == []


def test_the_parts_stand_in_the_order_of_reading() -> None:
    failed = FailedRun(classifier="cnn", train_fraction=1.0, arm="B", seed=3, problem="diverged")
    page = study_page(a_study(failed=(failed,)), PICTURES)
    parts = [
        "What the numbers say",
        "How much of the real patches",
        "The arms",
        "All measures",
        "What the patches changed",
        "The paper&rsquo;s numbers",
        "Learning curves",
        "ROC, precision-recall and reliability",
        "What the classifiers saw",
        "Failed runs",
        "Generators that these numbers depend on",
        "How it was made",
    ]
    found = [page.index(f">{part}") for part in parts]

    assert found == sorted(found)


def test_real_and_synthetic_lesions_stand_first_and_mistakes_below() -> None:
    first = first_look(a_study(), PICTURES)
    below = re.findall(r"<figcaption>([^<]+)</figcaption>", study_html(a_study(), PICTURES))

    assert [picture.caption for picture in first.pictures] == [
        "Real lesion patches that centre-a trained on.",
        "Synthetic patches of centre-b (Masses of centre B), as “B”, “B + C” and “B alone” used "
        "them.",
    ]
    assert below == [
        "Test patches that the classifiers were surest of and wrong: missed lesions above, "
        "healthy patches taken for lesions below.",
    ]


def test_lineage_and_provenance_are_given_in_full() -> None:
    section = study_html(a_study(), {})

    for text in ("b" * 64, "34" * 32, "ab" * 32, "cd" * 32, "torch 2.13.0", "21 min 30 s"):
        assert text in section
    assert "108 runs" in section


def test_failed_runs_are_shown_with_their_problem() -> None:
    failed = FailedRun(classifier="cnn", train_fraction=0.5, arm="B", seed=3, problem="a < b")

    assert "a &lt; b" in study_html(a_study(failed=(failed,)), {})
    assert "Failed runs" not in study_html(a_study(), {})


def test_a_study_of_the_baseline_alone_has_a_page() -> None:
    page = study_page(a_study(arms=(NONE,), fractions=(1.0,), seeds=1), {})

    assert "What the patches changed" not in page
    assert "Learning curves" not in page


def test_hostile_names_are_shown_as_text() -> None:
    hostile = B.model_copy(update={"name": "<script>alert(1)</script>"})

    assert "script" not in tags_of(study_page(a_study(arms=(NONE, hostile)), {})).names


def test_a_report_is_written_without_array_libraries() -> None:
    code = (
        "import sys, study_report.writing;"
        "sys.exit(bool({'numpy', 'torch', 'sklearn', 'scipy', 'matplotlib'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

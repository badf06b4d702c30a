import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from node_api.findings import Difference
from study_report.curve_figures import curve_figures
from study_report.drawing import FAMILIES, WIDEST_NAME, Axis, Names, limits, mark, svg
from study_report.forest_figures import forest_figures
from study_report.learning_figures import learning_figures, spread_out
from study_report.presented import Column
from study_report.run_figures import run_figures
from tests.study_report.made_up import ARMS, NONE, B, a_difference, a_study

CNN = Column("cnn", 1.0)


def places(drawing: str) -> list[tuple[float, float]]:
    """Return every place that a drawing names: ends of lines, centres of discs, texts."""
    pairs = re.findall(r'(?:x|x1|x2|cx)="(-?[\d.]+)"[^>]*? (?:y|y1|y2|cy)="(-?[\d.]+)"', drawing)
    return [(float(x), float(y)) for x, y in pairs]


@pytest.mark.parametrize("values", [[], [0.0], [1.0], [0.5, 0.5], [0.02, 0.99], [0.812, 0.845]])
def test_the_scale_holds_every_value_and_has_few_round_ticks(values: list[float]) -> None:
    axis = Axis(*limits(values), 0, 100)

    assert all(axis.low < value < axis.high for value in values)
    assert 2 <= len(axis.ticks()) <= 9
    assert all(0 <= axis.at(tick) <= 100 for tick in axis.ticks())


def test_a_drawing_says_what_it_is() -> None:
    drawing = svg(10, 20, 'of "B" & C', [])

    assert 'aria-label="of &#34;B&#34; &amp; C"' in drawing
    assert "<title>of &#34;B&#34; &amp; C</title>" in drawing


def test_long_names_are_wrapped_whole_and_rows_make_room_for_them() -> None:
    long, widest = "centre-b masses v1 (00fb), one look", "W" * 60
    names = Names.of([long, widest])
    arms = (NONE, B.model_copy(update={"name": long}))
    (figure,) = run_figures(a_study(arms=arms, fractions=(1.0,), seeds=2))

    assert names.lines[long] == ("centre-b masses v1 (00fb),", "one look")
    assert "".join(names.lines[widest]) == widest
    assert names.width <= WIDEST_NAME
    assert all(0 <= x <= 540 for x, _ in places(figure.svg))
    feet = re.findall(r'y="([\d.]+)" text-anchor="end">(?:none|centre|one)', figure.svg)
    assert feet == ["35.5", "71.0", "86.0"]


def test_families_of_arms_have_marks_of_their_own() -> None:
    shapes = {re.sub(r'class="[^"]*"', "", mark(family, 0, 0)) for family in FAMILIES.values()}
    classes = {re.findall(r'class="[^"]*"', mark(family, 0, 0))[0] for family in FAMILIES.values()}

    assert len(classes) == 4
    assert len(shapes) == 3  # own and synthetic are a hollow and a filled circle


def test_every_run_is_a_mark() -> None:
    (figure,) = run_figures(a_study(arms=(NONE, B), fractions=(1.0,), seeds=6))

    assert figure.svg.count('class="mark own"') == figure.svg.count('class="mark synthetic"') == 6
    assert "seed 5: " in figure.svg


def test_a_difference_lies_at_its_value_and_its_bar_over_its_interval() -> None:
    one = a_difference(gain=0.04)
    (figure,) = forest_figures(a_study(fractions=(1.0,), differences=(one,)))
    zero = float(re.findall(r'class="zero" x1="([\d.]+)"', figure.svg)[0])
    low, high = (
        float(end)
        for end in re.findall(
            r'class="whisker [^"]*" x1="([\d.]+)"[^>]* x2="([\d.]+)"', figure.svg
        )[0]
    )
    centre = float(re.findall(r'class="mark synthetic" cx="([\d.]+)"', figure.svg)[0])

    assert zero < low < centre < high
    assert centre - zero == pytest.approx((high - low) * 0.040 / 0.048, abs=0.3)


def test_only_shown_differences_are_bold() -> None:
    shown, unclear = (
        forest_figures(a_study(fractions=(1.0,), differences=(a_difference(gain=gain),)))[0].svg
        for gain in (0.04, 0.01)
    )

    assert "strong" in shown
    assert "strong" not in unclear


def test_an_undefined_difference_has_a_row_and_no_mark() -> None:
    undefined: Difference = a_difference().model_copy(
        update={"difference": None, "interval": None, "verdict": "undefined"}
    )
    (figure,) = forest_figures(a_study(fractions=(1.0,), differences=(undefined,)))

    assert "n/a" in figure.svg
    assert 'class="mark' not in figure.svg


def test_a_study_with_no_comparison_has_no_forest() -> None:
    assert forest_figures(a_study(differences=())) == ()


def test_each_arm_has_its_curves_with_bands_and_the_own_patches_behind() -> None:
    figures = curve_figures(a_study(), CNN)
    by_title = {figure.title: figure.svg for figure in figures}

    assert list(by_title) == [arm.name for arm in ARMS]
    assert by_title["B"].count('class="band synthetic"') == 2
    assert by_title["B"].count('class="reference"') == 2
    assert by_title["none"].count('class="reference"') == 0
    assert by_title["B"].count('class="bin synthetic"') == 10
    for words in ("false positive rate", "sensitivity", "recall", "precision", "predicted"):
        assert words in by_title["B"]


def test_a_column_without_curves_has_no_figures() -> None:
    assert curve_figures(a_study(curves=(), reliability=()), CNN) == ()


def test_learning_curves_need_more_than_one_share() -> None:
    assert learning_figures(a_study(fractions=(1.0,))) == ()
    (figure,) = learning_figures(a_study(fractions=(1.0, 0.5, 0.15)))
    assert all(arm.name in figure.svg for arm in ARMS)


@given(st.lists(st.floats(0, 250), max_size=10))
def test_labels_are_moved_apart_and_stay_above_the_end(wanted: list[float]) -> None:
    moved = spread_out(sorted(wanted), 16, 260)

    assert all(below - above >= 15.999 for above, below in pairwise(moved))
    assert all(place <= 260 for place in moved)


def test_labels_with_room_stay_where_they_are() -> None:
    assert spread_out([10, 50, 90], 16, 260) == [10, 50, 90]


@pytest.mark.parametrize("classifiers", [("cnn",), ("cnn", "swin")])
def test_nothing_is_drawn_outside_its_drawing(classifiers: tuple[str, ...]) -> None:
    study = a_study(classifiers=classifiers, fractions=(1.0, 0.5, 0.15))
    figures = (
        *run_figures(study),
        *forest_figures(study),
        *learning_figures(study),
        *curve_figures(study, CNN),
    )
    for figure in figures:
        width, height = map(float, re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', figure.svg)[0])
        found = places(figure.svg)
        assert found
        assert all(0 <= x <= width and 0 <= y <= height for x, y in found)


def test_drawings_escape_names() -> None:
    hostile = B.model_copy(update={"name": '<script>"'})
    study = a_study(arms=(NONE, hostile), differences=(), recovered=(), curves=(), reliability=())

    assert "<script>" not in Markup("").join(figure.svg for figure in run_figures(study))

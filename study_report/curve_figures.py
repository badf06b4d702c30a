"""ROC curve, PR curve and reliability of each arm, side by side."""

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from node_api.findings import ArmFacts, Curve, Reliability
from study_report.drawing import FAMILIES, Axis, Figure, disc, line, path, svg, text, upright
from study_report.presented import Column, Presented, belongs

WIDTH, HEIGHT = 540, 184
SIDE, TOP, LEFT, APART = 132, 8, 46, 180
TICKS = (0.0, 0.5, 1.0)
MOST_RADIUS, LEAST_RADIUS = 6.5, 1.5


@dataclass(frozen=True)
class Plot:
    """One of the three squares."""

    left: float
    x_title: str
    y_title: str

    @property
    def x(self) -> Axis:
        """From left to right."""
        return Axis(0, 1, self.left, self.left + SIDE)

    @property
    def y(self) -> Axis:
        """From the bottom upwards."""
        return Axis(0, 1, TOP + SIDE, TOP)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Return where a pair of values lies."""
        return self.x.at(x), self.y.at(y)


ROC = Plot(LEFT, "false positive rate", "sensitivity")
PR = Plot(LEFT + APART, "recall", "precision")
RELIABILITY = Plot(LEFT + 2 * APART, "predicted", "observed")


def curve_figures(study: Presented, column: Column) -> tuple[Figure, ...]:
    """Return a figure for each arm of a column that has curves or a reliability."""
    curves = [curve for curve in study.result.findings.curves if belongs(curve, column)]
    bins = [found for found in study.result.findings.reliability if belongs(found, column)]
    pictured = {curve.arm for curve in curves} | {found.arm for found in bins}
    return tuple(
        Figure(arm.name, _drawn(study, column, arm, curves, bins))
        for arm in study.result.arms
        if arm.name in pictured
    )


def _drawn(
    study: Presented, column: Column, arm: ArmFacts, curves: list[Curve], bins: list[Reliability]
) -> Markup:
    cell = study.cell(column, arm.name)
    prevalence = cell.prevalence if cell else 0.5
    parts = [part for plot in (ROC, PR, RELIABILITY) for part in _frame(plot)]
    parts += [
        _straight("guess", ROC, (0, 0), (1, 1)),
        _straight("guess", PR, (0, prevalence), (1, prevalence)),
        _straight("guess", RELIABILITY, (0, 0), (1, 1)),
    ]
    for plot, kind in ((ROC, "roc"), (PR, "pr")):
        of_kind = [curve for curve in curves if curve.kind == kind]
        parts += _reference(study, plot, arm, of_kind)
        parts += (
            part
            for curve in of_kind
            if curve.arm == arm.name
            for part in _curve(plot, curve, FAMILIES[arm.role])
        )
    for found in bins:
        if found.arm == arm.name:
            parts += _reliability(found, FAMILIES[arm.role])
    description = (
        f"ROC curve, precision-recall curve and reliability of {arm.name}: "
        f"{study.column_title(column)}"
    )
    return svg(WIDTH, HEIGHT, description, parts)


def _frame(plot: Plot) -> Iterator[Markup]:
    bottom = TOP + SIDE
    for tick in TICKS:
        x, y = plot.point(tick, tick)
        yield line("grid", x, TOP, x, bottom)
        yield line("grid", plot.left, y, plot.left + SIDE, y)
        yield text(f"{tick:g}", x, bottom + 16, css="tick", anchor="middle")
        yield text(f"{tick:g}", plot.left - 5, y + 4, css="tick", anchor="end")
    yield text(plot.x_title, plot.left + SIDE / 2, bottom + 33, css="tick", anchor="middle")
    yield upright(plot.y_title, plot.left - 33, TOP + SIDE / 2)


def _straight(css: str, plot: Plot, start: tuple[float, float], end: tuple[float, float]) -> Markup:
    return line(css, *plot.point(*start), *plot.point(*end))


def _reference(
    study: Presented, plot: Plot, arm: ArmFacts, curves: list[Curve]
) -> Iterator[Markup]:
    """Draw the curve of the centre's own patches behind another arm's."""
    for curve in curves:
        if arm.role != "baseline" and study.arm(curve.arm).role == "baseline":
            yield path(
                "reference", [plot.point(*pair) for pair in zip(curve.x, curve.y, strict=True)]
            )


def _curve(plot: Plot, curve: Curve, family: str) -> Iterator[Markup]:
    above = [plot.point(*pair) for pair in zip(curve.x, curve.high, strict=True)]
    below = [plot.point(*pair) for pair in zip(curve.x, curve.low, strict=True)]
    middle = [plot.point(*pair) for pair in zip(curve.x, curve.y, strict=True)]
    yield path(f"band {family}", [*above, *reversed(below)], closed=True)
    yield path(f"curve {family}", middle)


def _reliability(found: Reliability, family: str) -> Iterator[Markup]:
    """Draw a line through the bins that hold patches, and a disc for how many they hold."""
    filled = [one for one in found.bins if one.patches]
    largest = max((one.patches for one in filled), default=1)
    places = [RELIABILITY.point(one.predicted, one.observed) for one in filled]
    if places:
        yield path(f"curve {family}", places)
    for one, (x, y) in zip(filled, places, strict=True):
        radius = max(LEAST_RADIUS, MOST_RADIUS * (one.patches / largest) ** 0.5)
        tip = f"{one.patches:,} predictions"
        yield disc(f"bin {family}", x, y, radius, title=tip)

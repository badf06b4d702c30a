"""A dot plot of the AUROC as inline SVG: one row an arm, one dot a seed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from centre_node.study.rows import RunRow
from simulation.report.records import StudyRecord
from simulation.report.statistics import own_data_only, spread_of
from simulation.report.wording import percentage

WIDTH, LABELS, RIGHT = 540, 158, 60
TOP, ROW, BOTTOM = 12, 30, 34
LONGEST_LABEL = 20
STEP, FINE_STEP = 0.05, 0.01


@dataclass(frozen=True)
class Axis:
    """A horizontal scale from `low` to `high`."""

    low: float
    high: float

    def x(self, value: float) -> float:
        """Return where a value lies, in SVG units."""
        share = (value - self.low) / (self.high - self.low)
        return round(LABELS + share * (WIDTH - LABELS - RIGHT), 1)

    @property
    def ticks(self) -> list[float]:
        """Values to mark: at most nine, at round steps."""
        step = next(
            step
            for step in (FINE_STEP, 0.02, STEP, 0.1, 0.2)
            if (self.high - self.low) / step <= 8.001
        )
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [round(index * step, 4) for index in range(first, last + 1)]


@dataclass(frozen=True)
class Panel:
    """The chart of one classifier and training fraction."""

    title: str
    svg: Markup


def panels_of(study: StudyRecord) -> tuple[Panel, ...]:
    """Return a study's charts, all on the same scale."""
    axis = axis_for([row.auroc for row in study.rows if row.auroc is not None])
    columns = dict.fromkeys((row.classifier, row.train_fraction) for row in study.rows)
    return tuple(
        Panel(
            title=f"{classifier.upper()}, {percentage(fraction)} of the training patients",
            svg=_svg(
                [r for r in study.rows if (r.classifier, r.train_fraction) == column], study, axis
            ),
        )
        for column in columns
        for classifier, fraction in [column]
    )


def axis_for(values: Sequence[float]) -> Axis:
    """Return a scale that ends in 1 or below and leaves room around every value."""
    if not values:
        return Axis(0.5, 1.0)
    low = math.floor((min(values) - 0.005) / STEP) * STEP
    high = math.ceil((max(values) + 0.005) / STEP) * STEP
    return Axis(max(0.0, round(low, 4)), min(1.0, round(high, 4)))


def _svg(rows: Sequence[RunRow], study: StudyRecord, axis: Axis) -> Markup:
    height = TOP + ROW * len(study.arms) + BOTTOM
    parts = [*_scale(axis, height), *_baseline(rows, study, axis, height)]
    for index, arm in enumerate(study.arms):
        runs = [row for row in rows if row.arm == arm.name]
        kind = "donor" if arm.generators else "own"
        parts += _arm(arm.name, kind, runs, axis, TOP + ROW * index + ROW / 2)
    body = Markup("").join(parts)
    return Markup(
        '<svg viewBox="0 0 {} {}" role="img" aria-label="AUROC of each arm, a dot a seed">{}</svg>'
    ).format(WIDTH, height, body)


def _scale(axis: Axis, height: int) -> list[Markup]:
    bottom = height - BOTTOM
    marks = [
        Markup(
            '<line class="grid" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>'
            '<text class="tick" x="{x}" y="{y}" text-anchor="middle">{value}</text>'
        ).format(x=axis.x(tick), top=TOP, bottom=bottom, y=bottom + 16, value=f"{tick:.2f}")
        for tick in axis.ticks
    ]
    middle = (axis.x(axis.low) + axis.x(axis.high)) / 2
    title = Markup('<text class="tick" x="{}" y="{}" text-anchor="middle">AUROC</text>')
    return [*marks, title.format(middle, bottom + 31)]


def _baseline(rows: Sequence[RunRow], study: StudyRecord, axis: Axis, height: int) -> list[Markup]:
    own = own_data_only(study.arms)
    mean = spread_of([row.auroc for row in rows if own and row.arm == own.name]).mean
    if mean is None:
        return []
    line = Markup('<line class="baseline" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>')
    return [line.format(x=axis.x(mean), top=TOP, bottom=height - BOTTOM)]


def _arm(name: str, kind: str, runs: Sequence[RunRow], axis: Axis, y: float) -> list[Markup]:
    label = name if len(name) <= LONGEST_LABEL else name[: LONGEST_LABEL - 1] + "…"
    parts = [
        Markup('<text x="{}" y="{}" text-anchor="end">{}<title>{}</title></text>').format(
            LABELS - 14, y + 4, label, escape(name)
        )
    ]
    mean = spread_of([run.auroc for run in runs]).mean
    value = Markup('<text class="value" x="{}" y="{}" text-anchor="end">{}</text>')
    parts.append(value.format(WIDTH - 4, y + 4, "n/a" if mean is None else f"{mean:.3f}"))
    if mean is not None:
        line = Markup('<line class="mean {}" x1="{x}" x2="{x}" y1="{}" y2="{}"/>')
        parts.append(line.format(kind, y - 9, y + 9, x=axis.x(mean)))
    dot = Markup('<circle class="{}" cx="{}" cy="{}" r="4.5"><title>seed {}: {}</title></circle>')
    return parts + [
        dot.format(kind, axis.x(run.auroc), y, run.seed, f"{run.auroc:.3f}")
        for run in runs
        if run.auroc is not None
    ]

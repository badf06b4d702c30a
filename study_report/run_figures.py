"""Every run's AUROC: one row an arm, one mark a seed."""

from collections.abc import Iterator

from markupsafe import Markup

from node_api.findings import ArmFacts
from study_report.drawing import FAMILIES, Axis, Figure, Names, limits, line, mark, svg, text
from study_report.presented import Column, Presented, belongs
from study_report.wording import unsigned

WIDTH, GAP, RIGHT = 540, 14, 54
TOP, ROW, BOTTOM = 10, 28, 36


def run_figures(study: Presented) -> tuple[Figure, ...]:
    """Return a figure for each column of the grid, all on the same scale."""
    low, high = limits(row.auroc for row in study.result.rows if row.auroc is not None)
    names = Names.of(arm.name for arm in study.result.arms)
    axis = Axis(max(0.0, low), min(1.0, high), names.width + 2 * GAP, WIDTH - RIGHT)
    return tuple(
        Figure(study.column_title(column), _drawn(study, column, axis, names))
        for column in study.columns
    )


def _drawn(study: Presented, column: Column, axis: Axis, names: Names) -> Markup:
    row = ROW + names.extra_height
    bottom = TOP + row * len(study.result.arms)
    parts = [*_scale(axis, bottom), *_baseline(study, column, axis, bottom)]
    for index, arm in enumerate(study.result.arms):
        y = TOP + row * (index + 0.5)
        parts.append(names.label(arm.name, axis.start - GAP, y + 4))
        parts += _arm(study, column, arm, axis, y)
    description = f"AUROC of every run, a mark a seed: {study.column_title(column)}"
    return svg(WIDTH, bottom + BOTTOM, description, parts)


def _scale(axis: Axis, bottom: float) -> Iterator[Markup]:
    for tick in axis.ticks():
        x = axis.at(tick)
        yield line("grid", x, TOP, x, bottom)
        yield text(f"{tick:.2f}", x, bottom + 15, css="tick", anchor="middle")
    middle = (axis.start + axis.end) / 2
    yield text("AUROC on test patches", middle, bottom + 31, css="tick", anchor="middle")


def _baseline(study: Presented, column: Column, axis: Axis, bottom: float) -> Iterator[Markup]:
    for cell in study.cells(column):
        mean = cell.metrics["auroc"].mean
        if study.arm(cell.arm).role == "baseline" and mean is not None:
            yield line("baseline", axis.at(mean), TOP, axis.at(mean), bottom)


def _arm(study: Presented, column: Column, arm: ArmFacts, axis: Axis, y: float) -> Iterator[Markup]:
    family, cell = FAMILIES[arm.role], study.cell(column, arm.name)
    mean = cell.metrics["auroc"].mean if cell else None
    yield text(unsigned(mean), WIDTH - 4, y + 4, css="value", anchor="end")
    if mean is not None:
        yield line(f"mean {family}", axis.at(mean), y - 9, axis.at(mean), y + 9)
    for row in study.result.rows:
        if row.arm == arm.name and belongs(row, column) and row.auroc is not None:
            yield mark(family, axis.at(row.auroc), y, title=f"seed {row.seed}: {row.auroc:.3f}")

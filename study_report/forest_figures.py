"""Forest plots: paired differences of arms with their intervals."""

from collections.abc import Iterable, Iterator, Sequence

from markupsafe import Markup

from node_api.findings import Difference
from study_report.drawing import FAMILIES, Axis, Figure, Names, limits, line, mark, svg, text
from study_report.presented import Column, Presented
from study_report.wording import MINUS, signed

WIDTH, GAP, RIGHT = 540, 14, 62
TOP, ROW, HEADING, BOTTOM = 6, 24, 26, 38
METRIC = "auroc"


def forest_figures(study: Presented) -> tuple[Figure, ...]:
    """Return a figure for each column of the grid with comparisons, all on the same scale."""
    by_column = {column: study.differences(column, METRIC) for column in study.columns}
    names = Names.of(one.arm for found in by_column.values() for one in found)
    low, high = limits(_reach(by_column.values()), step=0.02, room=0.002)
    axis = Axis(low, high, names.width + 2 * GAP, WIDTH - RIGHT)
    return tuple(
        Figure(study.column_title(column), _drawn(study, column, found, axis, names))
        for column, found in by_column.items()
        if found
    )


def _reach(columns: Iterable[Sequence[Difference]]) -> Iterator[float]:
    yield 0.0
    for found in columns:
        for one in found:
            if one.difference is not None:
                yield one.difference
            if one.interval is not None:
                yield from (one.interval.low, one.interval.high)


def _drawn(
    study: Presented, column: Column, found: Sequence[Difference], axis: Axis, names: Names
) -> Markup:
    rows, height = list(_rows(found)), ROW + names.extra_height
    bottom = TOP + sum(HEADING if isinstance(row, str) else height for row in rows)
    parts, y = [*_scale(axis, bottom)], TOP
    for row in rows:
        if isinstance(row, str):
            parts.append(text(row, 4, y + 18, css="section"))
            y += HEADING
        else:
            parts += _difference(study, row, axis, names, y + height / 2)
            y += height
    description = f"Differences of the mean AUROC with 95 % intervals: {study.column_title(column)}"
    return svg(WIDTH, bottom + BOTTOM, description, parts)


def _rows(found: Sequence[Difference]) -> Iterator[str | Difference]:
    heading = ""
    for one in found:
        kind = "own patches alone" if one.against_role == "baseline" else "control"
        wanted = f"minus {kind}: {one.against}"
        if wanted != heading:
            heading = wanted
            yield heading
        yield one


def _scale(axis: Axis, bottom: float) -> Iterator[Markup]:
    for tick in axis.ticks(6):
        x = axis.at(tick)
        yield line("zero" if tick == 0 else "grid", x, TOP, x, bottom)
        yield text(
            f"{tick:+g}".replace("-", MINUS) if tick else "0",
            x,
            bottom + 15,
            css="tick",
            anchor="middle",
        )
    middle = (axis.start + axis.end) / 2
    yield text("difference in AUROC", middle, bottom + 32, css="tick", anchor="middle")


def _difference(
    study: Presented, one: Difference, axis: Axis, names: Names, y: float
) -> Iterator[Markup]:
    family = FAMILIES[study.arm(one.arm).role]
    strength = " strong" if one.verdict in {"higher", "lower"} else ""
    yield names.label(one.arm, axis.start - GAP, y + 4)
    yield text(signed(one.difference), WIDTH - 4, y + 4, css=f"value{strength}", anchor="end")
    if one.smallest_detectable is not None:
        low, high = (
            min(max(side * one.smallest_detectable, axis.low), axis.high) for side in (-1, 1)
        )
        yield line("undetectable", axis.at(low), y, axis.at(high), y)
    if one.interval is not None:
        low, high = axis.at(one.interval.low), axis.at(one.interval.high)
        yield line(f"whisker {family}{strength}", low, y, high, y)
    if one.difference is not None:
        yield mark(family, axis.at(one.difference), y, title=one.verdict)

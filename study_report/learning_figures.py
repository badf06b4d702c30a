"""Learning curves: the AUROC over shares of the training data."""

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from node_api.findings import ArmFacts, MetricEstimate
from study_report.drawing import (
    FAMILIES,
    Axis,
    Figure,
    Names,
    limits,
    line,
    mark,
    path,
    svg,
    text,
    upright,
)
from study_report.presented import Presented
from study_report.wording import classifier_name, percentage

WIDTH, LEFT, KEY, EDGE, ROOM = 540, 56, 36, 6, 0.15
TOP, HEIGHT, BOTTOM = 10, 250, 42
LABEL_HEIGHT, APART = 16, 5
DASHES = ("solid", "dashed", "dotted", "dash-dotted")


@dataclass(frozen=True)
class Track:
    """An arm's way over the shares: places and estimates, the smallest share first."""

    arm: ArmFacts
    dash: str
    points: tuple[tuple[float, MetricEstimate], ...]


def learning_figures(study: Presented) -> tuple[Figure, ...]:
    """Return a figure for each classifier that was trained on more than one share."""
    return tuple(
        Figure(classifier_name(classifier), _drawn(study, classifier))
        for classifier in study.classifiers
        if len(study.columns_of(classifier)) > 1
    )


def _drawn(study: Presented, classifier: str) -> Markup:
    shares = sorted(column.train_fraction for column in study.columns_of(classifier))
    room = ROOM * (max(shares) - min(shares))
    tracks = list(_tracks(study, classifier))
    names = Names.of(track.arm.name for track in tracks)
    right = WIDTH - EDGE - names.width - KEY
    x = Axis(min(shares) - room, max(shares) + room, LEFT, right)
    height = max(HEIGHT, len(tracks) * (LABEL_HEIGHT + names.extra_height))
    y = Axis(*limits(_reach(tracks)), TOP + height, TOP)
    parts = list(_scales(study, shares, x, y))
    for index, track in enumerate(tracks):
        parts += _track(track, x, y, shift=(index - (len(tracks) - 1) / 2) * APART)
    parts += _labels(tracks, names, x, y)
    description = f"AUROC over the share of the training data: {classifier_name(classifier)}"
    return svg(WIDTH, TOP + height + BOTTOM, description, parts)


def _tracks(study: Presented, classifier: str) -> Iterator[Track]:
    seen: dict[str, int] = {}
    for arm in study.result.arms:
        family = FAMILIES[arm.role]
        cells = [(c, study.cell(c, arm.name)) for c in reversed(study.columns_of(classifier))]
        points = tuple((c.train_fraction, cell.metrics["auroc"]) for c, cell in cells if cell)
        defined = tuple(point for point in points if point[1].mean is not None)
        if defined:
            dash = DASHES[seen.get(family, 0) % len(DASHES)]
            seen[family] = seen.get(family, 0) + 1
            yield Track(arm, dash, defined)


def _reach(tracks: list[Track]) -> Iterator[float]:
    for track in tracks:
        for _, estimate in track.points:
            assert estimate.mean is not None, "only defined points are on a track"
            yield estimate.mean
            if estimate.interval is not None:
                yield from (estimate.interval.low, estimate.interval.high)


def _scales(study: Presented, shares: list[float], x: Axis, y: Axis) -> Iterator[Markup]:
    bottom = y.start
    for tick in y.ticks():
        yield line("grid", LEFT, y.at(tick), x.end, y.at(tick))
        yield text(f"{tick:.2f}", LEFT - 6, y.at(tick) + 4, css="tick", anchor="end")
    for share in shares:
        yield text(percentage(share), x.at(share), bottom + 16, css="tick", anchor="middle")
    middle = (x.start + x.end) / 2
    what = f"share of the training {study.configuration.train_fraction_of}"
    yield text(what, middle, bottom + 35, css="tick", anchor="middle")
    yield upright("AUROC", 14, (y.start + y.end) / 2)


def _track(track: Track, x: Axis, y: Axis, *, shift: float) -> Iterator[Markup]:
    """Draw an arm a little to the side, so that intervals do not hide each other."""
    family = FAMILIES[track.arm.role]
    places = []
    for share, estimate in track.points:
        assert estimate.mean is not None, "only defined points are on a track"
        x_place = round(x.at(share) + shift, 1)
        places.append((x_place, y.at(estimate.mean)))
        if estimate.interval is not None:
            ends = y.at(estimate.interval.low), y.at(estimate.interval.high)
            yield line(f"whisker {family}", x_place, ends[0], x_place, ends[1])
    yield path(f"curve {family} {track.dash}", places)
    for place, (_, estimate) in zip(places, track.points, strict=True):
        yield mark(family, *place, title=f"{track.arm.name}: {estimate.mean:.3f}", size=4)


def _labels(tracks: list[Track], names: Names, x: Axis, y: Axis) -> Iterator[Markup]:
    """Write arms' names at the ends of their lines, moved apart where they would overlap."""
    by_end = sorted(tracks, key=lambda track: y.at(track.points[-1][1].mean or 0.0))
    wanted = [y.at(track.points[-1][1].mean or 0.0) for track in by_end]
    apart = LABEL_HEIGHT + names.extra_height
    for track, place in zip(by_end, spread_out(wanted, apart, y.start), strict=True):
        family = FAMILIES[track.arm.role]
        left = x.end + 8
        yield path(f"curve {family} {track.dash}", [(left, place), (left + 22, place)])
        yield mark(family, left + 11, place, size=3.5)
        yield names.label(track.arm.name, x.end + KEY, place + 4, anchor="start")


def spread_out(places: list[float], apart: float, end: float) -> list[float]:
    """Return ascending places moved as little as needed to be `apart`, and none beyond `end`."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + apart) if moved else place)
    limit = end
    for index in reversed(range(len(moved))):
        moved[index] = min(moved[index], limit)
        limit = moved[index] - apart
    return moved

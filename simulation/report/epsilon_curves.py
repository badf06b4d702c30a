"""What generators of the same patients bring and tell, over the epsilon that each promises."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from node_api.audits import AttackFigures
from node_api.findings import Difference, Interval, RecoveredShare
from simulation.report.records import GeneratorRecord, Report, StudyRecord
from study_report.drawing import Axis, Figure, disc, limits, line, mark, svg, text, upright
from study_report.wording import CLASSIFIERS, percentage, scope, share_in_words, signed, unsigned

WIDTH, LEFT, RIGHT = 720, 88, 24
USE, SHARES, TELLS, HEIGHT = (18, 178), (200, 212), (238, 358), 420
"""Where the panels begin and end, and a recovered share and its interval stand, in SVG units."""

METRIC = "auroc"


@dataclass(frozen=True, slots=True)
class Point:
    """A generator in one column of a study.

    Attributes:
        epsilon: Of its training; None: without differential privacy.
        gain: Of its arm over the column's control, in AUROC.
        share: Of what real patches gain; None where no arm has real patches.
        attack: The one with the highest bound; None: no audit.
    """

    epsilon: float | None
    gain: Difference
    share: RecoveredShare | None
    attack: AttackFigures | None

    @property
    def name(self) -> str:
        """Return what stands below the point."""
        return "none" if self.epsilon is None else f"{self.epsilon:.3g}"

    @property
    def recovered(self) -> str:
        """Return what is told of the share; nothing where there is none to speak of."""
        return "" if self.share is None else share_in_words(self.share)


def epsilon_curves(report: Report) -> Iterator[Figure]:
    """Yield a figure for each column of a study in which generators of two epsilons are compared.

    No epsilon counts as one of them; they stand from the weakest promise to the strictest.
    """
    for study in report.studies:
        for column in dict.fromkeys(
            (one.classifier, one.train_fraction) for one in study.result.findings.differences
        ):
            points = sorted(_points(report, study, column), key=_strictness)
            if len({point.epsilon for point in points}) > 1:
                yield _figure(points, _title(study, column))


def _strictness(point: Point) -> float:
    return float("-inf") if point.epsilon is None else -point.epsilon


def _title(study: StudyRecord, column: tuple[str, float]) -> str:
    classifier, fraction = column
    return (
        f"Privacy against use: {scope(study.lesions)}, {CLASSIFIERS[classifier]}, "
        f"{percentage(fraction)} of the own patients"
    )


def _points(report: Report, study: StudyRecord, column: tuple[str, float]) -> Iterator[Point]:
    shares = {
        (share.classifier, share.train_fraction, share.arm): share
        for share in study.result.findings.recovered
    }
    for generator in report.generators:
        alone = (generator.published.manifest_digest,)
        arms = {arm.name for arm in study.configuration.arms if arm.generators == alone}
        for one in study.result.findings.differences:
            is_wanted = one.metric == METRIC and one.against_role != "baseline"
            in_column = (one.classifier, one.train_fraction) == column and one.arm in arms
            if is_wanted and in_column and one.difference is not None:
                share = shares.get((*column, one.arm))
                attack = None if generator.audit is None else generator.audit.strongest
                yield Point(_epsilon(generator), one, share, attack)


def _epsilon(generator: GeneratorRecord) -> float | None:
    promise = generator.published.card.privacy.promise
    return None if promise is None else promise.epsilon


def _figure(points: Sequence[Point], title: str) -> Figure:
    step = (WIDTH - LEFT - RIGHT) / len(points)
    places = [LEFT + step * (number + 0.5) for number in range(len(points))]
    parts = [*_use(points, places), *_tells(points, places), *_below(points, places)]
    return Figure(title, svg(WIDTH, HEIGHT, _description(points), parts))


def _use(points: Sequence[Point], places: Sequence[float]) -> Iterator[Markup]:
    reals = [point.share.gain_of_real for point in points if point.share is not None]
    of_real = next((gain for gain in reals if gain is not None), None)
    ends = [end for point in points for end in _ends(point.gain.interval)]
    known = [0.0, *ends, *([] if of_real is None else [of_real])]
    y = Axis(*limits(known, step=0.02), USE[1], USE[0])
    yield from _scale(y, "gain in AUROC", zero=0.0)
    if of_real is not None:
        yield line("baseline", LEFT, y.at(of_real), WIDTH - RIGHT, y.at(of_real))
        yield text("real patches", WIDTH - RIGHT, y.at(of_real) - 5, css="tick", anchor="end")
    for point, x in zip(points, places, strict=True):
        assert point.gain.difference is not None, "others are left out"
        if point.gain.interval is not None:
            low, high = (y.at(end) for end in _ends(point.gain.interval))
            yield line("synthetic whisker", x, low, x, high)
        told = f"epsilon {point.name}: {signed(point.gain.difference)}"
        yield mark("synthetic", x, y.at(point.gain.difference), title=told)
        share, _, interval = point.recovered.partition(" (")
        yield text(share, x, SHARES[0], css="tick", anchor="middle")
        if interval:
            yield text(f"({interval}", x, SHARES[1], css="tick", anchor="middle")
    if any(point.share is not None for point in points):
        yield text("share", 4, SHARES[0], css="tick")


def _ends(interval: Interval | None) -> tuple[float, ...]:
    return () if interval is None else (interval.low, interval.high)


def _tells(points: Sequence[Point], places: Sequence[float]) -> Iterator[Markup]:
    known = [
        value
        for point in points
        if point.attack is not None
        for value in (point.attack.auroc, point.attack.auroc_upper, point.attack.smallest_visible)
    ]
    if not known:
        return
    y = Axis(*limits([0.5, *known]), TELLS[1], TELLS[0])
    yield from _scale(y, "strongest attack", zero=0.5)
    for point, x in zip(points, places, strict=True):
        if point.attack is None:
            continue
        seen, bound = y.at(point.attack.auroc), y.at(point.attack.auroc_upper)
        visible = y.at(point.attack.smallest_visible)
        told = f"{point.attack.attack}, per {point.attack.unit}: {point.attack.auroc:.2f}"
        yield line("guess", x - 16, visible, x + 16, visible)
        yield line("alone whisker", x, seen, x, bound)
        yield line("alone whisker", x - 5, bound, x + 5, bound)
        yield disc("mark alone", x, seen, 4.5, title=told)


def _scale(y: Axis, title: str, *, zero: float) -> Iterator[Markup]:
    for tick in y.ticks(5):
        css = "zero" if tick == zero else "grid"
        said = signed(tick) if zero == 0 else f"{tick:g}"
        yield line(css, LEFT, y.at(tick), WIDTH - RIGHT, y.at(tick))
        yield text(said, LEFT - 8, y.at(tick) + 4, css="tick", anchor="end")
    yield upright(title, 14, (y.start + y.end) / 2)


def _below(points: Sequence[Point], places: Sequence[float]) -> Iterator[Markup]:
    for point, x in zip(points, places, strict=True):
        yield text(point.name, x, TELLS[1] + 20, css="value", anchor="middle")
    yield text(
        "epsilon of each patient (none: no differential privacy)",
        (LEFT + WIDTH - RIGHT) / 2,
        HEIGHT - 20,
        css="tick",
        anchor="middle",
    )


def _description(points: Sequence[Point]) -> str:
    said = []
    for point in points:
        assert point.gain.difference is not None, "others are left out"
        told = "was not attacked"
        if point.attack is not None:
            told = f"tells at most {unsigned(point.attack.auroc_upper, 2)}"
        share = f", share {point.recovered}" if point.recovered else ""
        said.append(f"epsilon {point.name} gains {signed(point.gain.difference)}{share} and {told}")
    return "; ".join(said)

"""What each generator tells of its patients, beside what it brings: a table and a picture."""

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from node_api.audits import AttackFigures
from node_api.findings import Difference
from shared.statements import StatedAttack, rounded_up
from simulation.report.records import GeneratorRecord, Report
from study_report.drawing import Axis, Figure, Names, limits, line, mark, svg, text
from study_report.wording import signed, unsigned

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, ASIDE = 540, 320, 64, 52, 14, 9
METRIC = "auroc"


@dataclass(frozen=True)
class PrivacyRow:
    """A generator's row: what it was shown to tell, and to bring.

    Attributes:
        verdict: Of its centre's policy, in words.
        strongest: The attack whose bound is highest, as the statement tells it; of a private
            training, whose statement has none, as the centre's own audit does. None: no audit.
        epsilon: Of differential privacy; None: there is none.
        gain: The best of its arms against the control, in AUROC; None: no study compares it alone.
    """

    generator: GeneratorRecord
    verdict: str
    strongest: StatedAttack | AttackFigures | None
    epsilon: float | None
    gain: Difference | None

    @property
    def cells(self) -> tuple[str, ...]:
        """What the table says, after the generator's name."""
        attack = self.strongest
        told = "no audit" if attack is None else f"{attack.attack}, per {attack.unit}"
        bound = "" if attack is None else f"{rounded_up(attack.auroc_upper):.2f}"
        seen = "" if attack is None else f"{rounded_up(attack.smallest_visible):.2f}"
        epsilon = "none" if self.epsilon is None else f"{self.epsilon:.3g}"
        gain = "not compared" if self.gain is None else signed(self.gain.difference)
        return self.verdict, told, bound, seen, epsilon, gain


HEADINGS = (
    "Policy's verdict",
    "Strongest attack",
    "AUROC at most",
    "Could have been seen from",
    "Epsilon",
    "Best gain over a control",
)


def privacy_rows(report: Report) -> tuple[PrivacyRow, ...]:
    """Return a row for each generator; none where nothing is known of any one's privacy."""
    rows = tuple(_row(report, generator) for generator in report.generators)
    known = any(row.strongest is not None or row.epsilon is not None for row in rows)
    return rows if known else ()


def _row(report: Report, generator: GeneratorRecord) -> PrivacyRow:
    stated, promise = generator.statement, generator.published.card.privacy.promise
    return PrivacyRow(
        generator,
        "nothing stated" if stated is None else stated.verdict,
        _strongest(generator),
        None if promise is None else promise.epsilon,
        max(_gains(report, generator), key=lambda one: one.difference or 0.0, default=None),
    )


def _strongest(generator: GeneratorRecord) -> StatedAttack | AttackFigures | None:
    stated = generator.statement
    if stated is not None and stated.audit is not None:
        return stated.audit.strongest
    return None if generator.audit is None else generator.audit.strongest


def _gains(report: Report, generator: GeneratorRecord) -> Iterator[Difference]:
    """Yield how arms with this generator alone did against the control."""
    digest = generator.published.manifest_digest
    for study in report.studies:
        alone = {arm.name for arm in study.configuration.arms if arm.generators == (digest,)}
        for one in study.result.findings.differences:
            compared = one.metric == METRIC and one.against_role != "baseline"
            if compared and one.arm in alone and one.difference is not None:
                yield one


def privacy_figure(rows: tuple[PrivacyRow, ...]) -> Figure | None:
    """Draw what generators bring over what attacks could at most tell; None of fewer than two."""
    drawn = [
        (row, row.strongest.auroc_upper, row.gain.difference)
        for row in rows
        if row.strongest is not None and row.gain is not None and row.gain.difference is not None
    ]
    if len(drawn) < 2:
        return None
    told = [_told(row) for row, *_ in drawn]
    names = Names.of(told)
    right = WIDTH - names.width - 2 * ASIDE
    x = Axis(*limits([0.5, *(bound for _, bound, _ in drawn)]), LEFT, right)
    y = Axis(*limits([0.0, *(gain for *_, gain in drawn)], step=0.02), HEIGHT - BOTTOM, TOP)
    parts = [*_scales(x, y)]
    for name, (_, bound, gain) in zip(told, drawn, strict=True):
        at = x.at(bound), y.at(gain)
        parts += [
            mark("synthetic", *at, title=name),
            names.label(name, at[0] + ASIDE, at[1] + 4, anchor="start"),
        ]
    return Figure("Privacy against use", svg(WIDTH, HEIGHT, _description(drawn), parts))


def _told(row: PrivacyRow) -> str:
    name = row.generator.reference
    return name if row.epsilon is None else f"{name}, epsilon {row.epsilon:.3g}"


def _scales(x: Axis, y: Axis) -> Iterator[Markup]:
    for tick in x.ticks(5):
        yield line("grid", x.at(tick), TOP, x.at(tick), HEIGHT - BOTTOM)
        yield text(f"{tick:g}", x.at(tick), HEIGHT - BOTTOM + 16, css="tick", anchor="middle")
    for tick in y.ticks(5):
        yield line("zero" if tick == 0 else "grid", LEFT, y.at(tick), x.end, y.at(tick))
        yield text(signed(tick), LEFT - 8, y.at(tick) + 4, css="tick", anchor="end")
    middle = (x.start + x.end) / 2
    yield text(
        "strongest attack: AUROC at most (0.5 is chance)",
        middle,
        HEIGHT - 14,
        css="tick",
        anchor="middle",
    )
    yield text("gain in AUROC", 4, TOP - 2, css="tick")


def _description(drawn: list[tuple[PrivacyRow, float, float]]) -> str:
    said = (
        f"{row.generator.reference} gains {signed(gain)} and tells at most {unsigned(bound, 2)}"
        for row, bound, gain in drawn
    )
    return "; ".join(said)

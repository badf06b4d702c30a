"""An audit's report as lines for a terminal."""

from collections.abc import Iterator

from node_api.audits import AttackFigures, AuditReport, HitRate
from shared.counts import counted

COLUMNS = ("AUROC", "at most", "control", "visible", "p", "at 1 %", "at 5 %")
WIDTHS = (8, 9, 9, 9, 8, 16, 16)


def audit_lines(report: AuditReport) -> Iterator[str]:
    """Yield a line each: who was compared, a row for each attack, copies, epsilon."""
    members, held_out = report.members, report.held_out
    yield (
        f"{counted(len(report.weights), 'weight file')}, {counted(report.samples, 'sample')}; "
        f"trained on {counted(members.patches, 'patch', 'patches')} of "
        f"{counted(members.patients, 'patient')}, held out "
        f"{held_out.patches} of {held_out.patients}"
    )
    if report.too_few is not None:
        yield f"nothing can be told: {report.too_few}"
        return
    yield from _attack_lines(report)
    yield from _other_lines(report)


def _attack_lines(report: AuditReport) -> Iterator[str]:
    for unit, title in (("patch", "by patch"), ("patient", "by patient (most exposed patch)")):
        yield ""
        yield f"{title:<50}" + _row(COLUMNS)
        for figures in report.attacks:
            if figures.unit == unit:
                yield f"{figures.attack:<50}" + _row(_cells(figures))
    yield ""
    yield (
        "AUROC 0.5 tells nothing. at most: one-sided bound of 95 %. control: one half of the "
        "members against the other. visible: the least AUROC that is found with 80 % power. p: "
        "by exchange of patients. at 1 %, at 5 %: members found where so many others are taken "
        "for members, with the bound"
    )


def _cells(figures: AttackFigures) -> tuple[str, ...]:
    hits = [_hit(hit) for hit in figures.hits]
    return (
        f"{figures.auroc:.2f}",
        f"{figures.auroc_upper:.2f}",
        f"{figures.control_auroc:.2f}",
        f"{figures.smallest_visible:.2f}",
        "-" if figures.p is None else f"{figures.p:.3f}",
        *hits,
    )


def _hit(hit: HitRate) -> str:
    if hit.share is None or hit.upper is None:
        return "too few"
    return f"{hit.share:.2f} (<= {hit.upper:.2f})"


def _row(cells: tuple[str, ...]) -> str:
    return "".join(f"{cell:>{width}}" for cell, width in zip(cells, WIDTHS, strict=True))


def _other_lines(report: AuditReport) -> Iterator[str]:
    copies, epsilon, control = report.copies, report.epsilon, report.positive_control
    if copies is not None:
        yield (
            f"copies: distance to members / to held-out patches {copies.nearest_ratio:.3f} "
            f"(p {copies.nearest_ratio_p:.3f}); authentic {copies.authenticity:.0%}; near "
            f"duplicates {copies.near_duplicates}, expected {copies.near_duplicates_expected:.0f}; "
            "this can show copies, and never that there are none"
        )
    if epsilon is not None:
        yield (
            f"epsilon is at least {epsilon.at_least:.2f}; of so many patients no more than "
            f"{epsilon.ceiling:.2f} could be shown (delta {epsilon.delta:g})"
        )
    if control is not None:
        found = "found" if control.found else "NOT FOUND: this audit cannot be relied on"
        yield (
            f"positive control: {control.planted} members planted {control.copies} times each, "
            f"AUROC {control.auroc:.2f} ({control.attack}): {found}"
        )
    if report.internal_auroc is not None:
        yield (f"internal, never published: the discriminator, AUROC {report.internal_auroc:.2f}")

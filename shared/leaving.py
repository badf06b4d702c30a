"""What is told beyond the centre of numbers that were computed from patients: rounded, or nothing.

Whoever knows all patients but one could compute an exact number with and without this one, and so
learn whether he or she was there. docs/privacy.md says which number of a card tells what.
"""

from shared.fidelity import METRICS, FidelityReport, FidelityRow

FINE_BELOW = 100
FINE, COARSE = 5, 10
DIGITS, DECIMALS = 3, 2
FEWER_DIGITS_FROM = 10


def told_count(count: int) -> int:
    """Round a number of patients or patches down: to a multiple of 5, from 100 on to one of 10."""
    step = FINE if count < FINE_BELOW else COARSE
    return count - count % step


def told_fidelity(report: FidelityReport) -> FidelityReport | None:
    """Return a report with rounded numbers, and without what its draws can be repeated by.

    Returns:
        None where nothing could be judged, for it would only tell how few patches there are.
    """
    if report.synthetic.kid is None:
        return None
    collapse = report.mode_collapse
    shares = {name: _told(getattr(collapse, name)) for name in ("spread_share", "duplicate_share")}
    return report.model_copy(
        update={
            "seed": None,
            "frechet_dimensions": None,
            "real_real": _told_row(report.real_real),
            "synthetic": _told_row(report.synthetic),
            "other_centre": report.other_centre and _told_row(report.other_centre),
            "mode_collapse": collapse.model_copy(update=shares),
        }
    )


def _told_row(row: FidelityRow) -> FidelityRow:
    exact = {name: getattr(row, name) for name in METRICS if name != "kid_interval"}
    told = {name: _told(value) for name, value in exact.items()}
    interval = row.kid_interval and tuple(map(_told, row.kid_interval))
    return row.model_copy(
        update={**told, "kid_interval": interval, "patches": told_count(row.patches)}
    )


def _told(value: float | None) -> float | None:
    """Return a number with three digits at most, two of them behind the point; rounded once."""
    if value is None:
        return None
    told = (
        float(f"{value:.{DIGITS}g}") if abs(value) >= FEWER_DIGITS_FROM else round(value, DECIMALS)
    )
    return told + 0.0  # no -0

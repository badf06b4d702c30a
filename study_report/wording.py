"""Numbers as words."""

from collections.abc import Sequence

from node_api.findings import (
    ArmFacts,
    ArmRole,
    Interval,
    MetricEstimate,
    RecoveredShare,
    ShareInterval,
)
from node_api.tasks import Classes
from shared.counts import counted

UNDEFINED = "n/a"
MINUS, UNBREAKABLE = "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"
SCOPES = {
    "all": "lesions of every kind",
    "masses": "masses",
    "masses-equal-steps": "masses (equal steps)",
}
CLASSIFIERS = {"cnn": "CNN", "swin": "Swin"}
METRICS = {
    "accuracy": "Accuracy",
    "f1": "F1",
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "f1_healthy": "F1, {other}",
    "auprc_healthy": "AUPRC, {other}",
    "auroc_patients": "AUROC, patients",
    "auprc_patients": "AUPRC, patients",
    "sensitivity_at_90_specificity": "Sensitivity at 90 % specificity",
    "brier": "Brier score",
    "calibration_error": "Calibration error",
}
"""Headings by a row's field, with a place for the class that is not the positive one."""

ROLES: dict[ArmRole, str] = {
    "baseline": "own patches alone",
    "healthy control": "healthy control",
    "matched control": "matched control",
    "painted control": "own lesions painted",
    "blob control": "blobs painted",
    "own generator control": "own generator",
    "augmentation control": "augmentation control",
    "synthetic": "synthetic lesions added",
    "synthetic only": "synthetic lesions instead of own ones",
    "real donor": "real lesions of other centres added",
}


def metric_name(metric: str, classes: Classes) -> str:
    """Return a metric's heading, such as "AUPRC, healthy"."""
    return METRICS[metric].format(other=classes.other)


def number(estimate: MetricEstimate) -> str:
    """Return "0.842 (0.012)": the mean and, over two seeds or more, the standard deviation."""
    if estimate.mean is None:
        return UNDEFINED
    std = "" if estimate.std is None else f" ({estimate.std:.3f})"
    missing = (
        "" if estimate.defined == estimate.seeds else f" [{estimate.defined}/{estimate.seeds}]"
    )
    return f"{_plain(estimate.mean, 3)}{std}{missing}"


def interval(found: Interval | None, digits: int = 3) -> str:
    """Return "0.800 to 0.880", or "n/a"."""
    if found is None:
        return UNDEFINED
    return f"{_plain(found.low, digits)} to {_plain(found.high, digits)}"


def signed_interval(found: Interval | None) -> str:
    """Return "+0.012 to +0.070", with true minus signs, or "n/a"."""
    return UNDEFINED if found is None else f"{signed(found.low)} to {signed(found.high)}"


def signed(value: float | None) -> str:
    """Return "+0.012", the same with a true minus, or "n/a"."""
    if value is None:
        return UNDEFINED
    return "0.000" if abs(value) < 0.0005 else f"{value:+.3f}".replace("-", MINUS)


def unsigned(value: float | None, digits: int = 3) -> str:
    """Return "0.012" or "n/a"."""
    return UNDEFINED if value is None else _plain(value, digits)


def probability(value: float | None) -> str:
    """Return a p-value: "0.031", "< 0.001" or "n/a"."""
    if value is None:
        return UNDEFINED
    return f"<{UNBREAKABLE}0.001" if value < 0.001 else f"{value:.3f}"


def percentage(share: float) -> str:
    """Return "25 %"; a small share keeps a decimal."""
    return f"{100 * share:.3g}{UNBREAKABLE}%".replace("-", MINUS)


def recovered(share: float, found: ShareInterval | None) -> str:
    """Return "62 % (35 to 88)" or "62 % (unbounded)": a recovered share and its 95 % interval."""
    whole = f"{_plain(100 * share, 0)}{UNBREAKABLE}%"
    if found is None:
        return whole
    if found.low is None or found.high is None:
        return f"{whole} (unbounded)"
    return f"{whole} ({_plain(100 * found.low, 0)} to {_plain(100 * found.high, 0)})"


def share_in_words(share: RecoveredShare) -> str:
    """Return "62 % (35 to 88)", or that no number can be told."""
    if share.share is not None:
        return recovered(share.share, share.interval)
    is_unbounded = share.interval is not None and share.interval.low is None
    return "not told (unbounded)" if is_unbounded else "undefined"


def scope(lesions: str) -> str:
    """Return what a study's lesions are called in a sentence."""
    return SCOPES.get(lesions, lesions)


def classifier_name(classifier: str) -> str:
    """Return how a classifier is written."""
    return CLASSIFIERS.get(classifier, classifier)


def listed(words: Sequence[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else "none"


def added(arm: ArmFacts) -> str:
    """Say what an arm adds to the centre's own patches."""
    donors, look = listed(arm.donors), _look(arm)
    painted = " painted on own healthy patches" if arm.painted else ""
    synthetic = f"{arm.lesions_added:,} synthetic lesions of {donors}{painted}{look}"
    lesions = {
        "baseline": "nothing",
        "healthy control": "no lesion",
        "matched control": f"{arm.lesions_added:,} own lesions over again",
        "painted control": f"{arm.lesions_added:,} own lesions painted on own healthy patches",
        "blob control": f"{arm.lesions_added:,} blobs painted on own healthy patches",
        "own generator control": f"{arm.lesions_added:,} lesions of its own generator",
        "augmentation control": "nothing, but paints own lesions anew in each epoch"
        if arm.augmentation == "painted"
        else "nothing, but augments harder",
        "synthetic": synthetic,
        "synthetic only": f"{synthetic}, no own ones",
        "real donor": f"{arm.lesions_added:,} real lesions of {donors}{look}"
        + ("" if arm.own_lesions else ", no own ones"),
    }[arm.role]
    if not arm.healthy_added:
        return lesions
    sham = ", painted on without a lesion" if arm.sham_healthy else ""
    return f"{lesions}, {arm.healthy_added:,} own healthy patches{sham}"


def _look(arm: ArmFacts) -> str:
    """Say whose look the added lesions have, where they are not their own."""
    if not arm.harmonised:
        return ""
    bands = " and frequency bands" if arm.harmonised_by == "greys_and_bands" else ""
    look = f" in the greys{bands} of the own ones"
    if arm.harmonised_runs is None:
        return look
    chosen, runs = arm.harmonised_runs
    return f"{look} in {chosen} of {counted(runs, 'run')}, as validation patients chose"


def sentence(text: str) -> str:
    """Return text with a capital letter."""
    return text[:1].upper() + text[1:]


def unbroken(text: str) -> str:
    """Return text whose percent signs stay on the line of their numbers."""
    return text.replace(" %", f"{UNBREAKABLE}%")


def _plain(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}".replace("-", MINUS)
    return text.removeprefix(MINUS) if not text.strip(f"{MINUS}0.") else text

"""Made-up findings of audits."""

from datetime import UTC, datetime
from itertools import product
from typing import Any, get_args

from node_api.audits import (
    AttackFigures,
    Audited,
    AuditedWeights,
    AuditReport,
    Copies,
    EpsilonBound,
    HitRate,
    PositiveControl,
)
from shared.attacks import AttackName, Unit
from shared.packages import Package


def figures(unit: Unit = "patch", **given: Any) -> AttackFigures:
    """Return an attack that found nothing among many patients."""
    chosen: dict[str, Any] = {
        "attack": "density ratio",
        "unit": unit,
        "auroc": 0.5,
        "auroc_upper": 0.54,
        "control_auroc": 0.51,
        "control_auroc_upper": 0.55,
        "smallest_visible": 0.56,
        "hits": (
            HitRate(false_positive_rate=0.01, share=0.012, upper=0.031),
            HitRate(false_positive_rate=0.05, share=0.05, upper=0.081),
        ),
        **given,
    }
    return AttackFigures(**chosen)


def an_audit(package: Package | None = None, **given: Any) -> AuditReport:
    """Return an audit that found nothing, of a package's weights."""
    files = () if package is None else package.card.weights
    weights = tuple(AuditedWeights(name=file.name, sha256=file.sha256) for file in files)
    chosen: dict[str, Any] = {
        "weights": weights or (AuditedWeights(name="weights.safetensors", sha256="0" * 64),),
        "members": Audited(patients=480, patches=612),
        "held_out": Audited(patients=120, patches=150),
        "image_size": 64,
        "parameters": 3_576_704,
        "samples": 10_000,
        "seed": 3,
        "attacks": (figures("patch"), figures("patient", attack="inversion")),
        "copies": Copies(
            nearest_ratio=1.01,
            nearest_ratio_p=0.6,
            authenticity=0.7,
            near_duplicates=12,
            near_duplicates_expected=10.5,
        ),
        "epsilon": EpsilonBound(at_least=0.0, ceiling=3.9, delta=1e-3),
        "positive_control": PositiveControl(
            planted=10, copies=100, attack="density ratio", auroc=0.99, found=True
        ),
        "internal_auroc": 0.97,
        "seconds": 20.5,
        "made_at": datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        "genshare_version": "0.1.0",
        **given,
    }
    if given.get("attacks") != ():
        chosen["attacks"] = every_attack(*chosen["attacks"])
    return AuditReport(**chosen)


def every_attack(*given: AttackFigures) -> tuple[AttackFigures, ...]:
    """Return these attacks, and all others as if they had found nothing."""
    made = {(one.attack, one.unit) for one in given}
    others = product(get_args(AttackName), get_args(Unit))
    return (
        *given,
        *(figures(unit, attack=attack) for attack, unit in others if (attack, unit) not in made),
    )

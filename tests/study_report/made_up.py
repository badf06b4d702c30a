"""A made-up study with every kind of arm; every number follows from an arm's invented AUROC."""

import random
from collections.abc import Sequence
from statistics import NormalDist, fmean, stdev
from typing import Any

from node_api.findings import (
    ArmFacts,
    Cell,
    Curve,
    Difference,
    FailedRun,
    Interval,
    MetricEstimate,
    RecoveredShare,
    Reliability,
    ReliabilityBin,
    ShareInterval,
    StudyFindings,
    StudyOrigin,
    StudyResult,
    UsedGenerator,
)
from node_api.rows import RunRow
from node_api.studies import Arm, StudyConfiguration
from node_api.summaries import ShortcutReport, SubsetBalance
from study_report.presented import Presented
from study_report.wording import METRICS

NORMAL = NormalDist()
NONE = ArmFacts(name="none", role="baseline")
HEALTHY = ArmFacts(name="extra healthy only", role="healthy control", healthy_added=200)
REPEATED = ArmFacts(
    name="own lesions repeated", role="matched control", lesions_added=200, healthy_added=200
)
AUGMENTED = ArmFacts(name="classical augmentation", role="augmentation control")
B = ArmFacts(name="B", role="synthetic", donors=("centre-b",), lesions_added=200, healthy_added=200)
C = ArmFacts(name="C", role="synthetic", donors=("centre-c",), lesions_added=200, healthy_added=200)
BOTH = ArmFacts(
    name="B + C",
    role="synthetic",
    donors=("centre-b", "centre-c"),
    lesions_added=200,
    healthy_added=200,
)
B_ALONE = ArmFacts(name="B alone", role="synthetic only", donors=("centre-b",), lesions_added=200)
REAL_B = ArmFacts(
    name="Real B", role="real donor", donors=("centre-b",), lesions_added=200, healthy_added=200
)
REAL_C = ArmFacts(
    name="Real C", role="real donor", donors=("centre-c",), lesions_added=200, healthy_added=200
)
ARMS = (NONE, HEALTHY, REPEATED, AUGMENTED, B, C, BOTH, B_ALONE, REAL_B, REAL_C)

AUROCS = {
    "none": 0.85,
    "extra healthy only": 0.86,
    "own lesions repeated": 0.87,
    "classical augmentation": 0.875,
    "B": 0.91,
    "C": 0.872,
    "B + C": 0.90,
    "B alone": 0.80,
    "Real B": 0.93,
    "Real C": 0.868,
}
SHIFTS = {("cnn", 1.0): 0.0, ("cnn", 0.5): -0.05, ("swin", 1.0): -0.03, ("swin", 0.5): -0.1}
CURVE_GRID = tuple(index / 20 for index in range(21))
ORIGIN = StudyOrigin(
    configuration_digest="ab" * 32,
    data_digests=("cd" * 32, "ef" * 32),
    versions={"genshare": "0.1.0", "torch": "2.13.0"},
    device="cpu",
    threads=1,
    seconds=1290.0,
    runs_found=12,
)


def an_estimate(values: Sequence[float]) -> MetricEstimate:
    """Return mean, deviation and a made-up interval of at least one value."""
    mean = fmean(values)
    return MetricEstimate(
        mean=mean,
        std=stdev(values) if len(values) > 1 else None,
        interval=Interval(low=mean - 0.03, high=mean + 0.03),
        defined=len(values),
        seeds=len(values),
    )


def a_difference(
    arm: str = "B", against: ArmFacts = REPEATED, *, gain: float = 0.04, **changes: Any
) -> Difference:
    """Return a comparison in AUROC that is shown if its gain is above 0.025."""
    options: dict[str, Any] = {
        "classifier": "cnn",
        "train_fraction": 1.0,
        "arm": arm,
        "against": against.name,
        "against_role": against.role,
        "metric": "auroc",
        "seeds": 6,
        "difference": gain,
        "interval": Interval(low=gain - 0.024, high=gain + 0.024),
        "p_patients": 0.021 if abs(gain) > 0.025 else 0.4,
        "p_adjusted": 0.042 if abs(gain) > 0.025 else 0.93,
        "p_seeds": 0.03125 if abs(gain) > 0.025 else 0.4,
        "p_delong": 0.0004 if abs(gain) > 0.025 else 0.31,
        "smallest_detectable": 0.034,
        "verdict": "no difference shown",
        **changes,
    }
    if "verdict" not in changes and abs(gain) > 0.025:
        options["verdict"] = "higher" if gain > 0 else "lower"
    return Difference.model_validate(options)


def a_study(
    *,
    arms: tuple[ArmFacts, ...] = ARMS,
    classifiers: tuple[str, ...] = ("cnn",),
    fractions: tuple[float, ...] = (1.0, 0.5),
    seeds: int = 6,
    lesions: str = "masses",
    failed: tuple[FailedRun, ...] = (),
    **findings: Any,
) -> Presented:
    """Return a study; `findings` replace parts of those that follow from the arms."""
    columns = [(classifier, share) for classifier in classifiers for share in fractions]
    rows = [
        row
        for column in columns
        for arm in arms
        for row in _rows(arm, *column, seeds=seeds, lesions=lesions)
    ]
    parts: dict[str, Any] = {
        "resamples": 2000,
        "cells": tuple(_cell(rows, arm, column) for column in columns for arm in arms),
        "differences": tuple(d for column in columns for d in _differences(arms, column)),
        "recovered": tuple(r for column in columns for r in _recovered(arms, column)),
        "curves": tuple(c for column in columns for arm in arms for c in _curves(arm, column)),
        "reliability": tuple(_reliability(arm, column) for column in columns for arm in arms),
        **findings,
    }
    result = StudyResult(
        arms=arms,
        rows=tuple(rows),
        failed=failed,
        findings=StudyFindings(**parts),
        balance=_balance(),
        shortcut=ShortcutReport(auroc=0.68, sharpness=0.55, mean=0.63, size=0.48, n_test=240),
        generators=tuple(
            UsedGenerator(
                manifest_digest=letter * 64,
                centre=f"centre-{letter}",
                name="masses-dcgan",
                title=f"Masses of centre {letter.upper()}",
                arms=tuple(
                    arm.name
                    for arm in arms
                    if f"centre-{letter}" in arm.donors and "synthetic" in arm.role
                ),
                patches=200,
                recipe_digest="34" * 32,
            )
            for letter in "bc"
        ),
        origin=ORIGIN,
    )
    configuration = StudyConfiguration(
        lesions=lesions,
        image_size=64,
        train_fractions=fractions,
        synthetic_patches=200,
        arms=tuple(Arm.model_construct(name=arm.name) for arm in arms),
        seeds=tuple(range(seeds)),
    ).model_copy(update={"classifiers": classifiers})
    return Presented(configuration, result, centre="centre-a")


def auroc_of(arm: str, classifier: str, fraction: float) -> float:
    """Return an arm's invented AUROC."""
    shift = SHIFTS.get((classifier, fraction), -0.12)
    return AUROCS.get(arm, 0.9) + shift * (0.4 if arm in {"B", "B + C", "Real B"} else 1.0)


def _rows(
    arm: ArmFacts, classifier: str, fraction: float, *, seeds: int, lesions: str
) -> list[RunRow]:
    drawn = random.Random(f"{arm.name} {classifier} {fraction}")
    rows = []
    for seed in range(seeds):
        auroc = min(0.999, auroc_of(arm.name, classifier, fraction) + drawn.gauss(0, 0.012))
        own = round(186 * fraction)
        repeated = arm.lesions_added if arm.role in {"matched control", "real donor"} else 0
        rows.append(
            RunRow(
                classifier=classifier,
                arm=arm.name,
                train_fraction=fraction,
                lesions=lesions,
                seed=seed,
                n_train_real=2 * own + arm.healthy_added + repeated,
                n_train_synthetic=arm.lesions_added if "synthetic" in arm.role else 0,
                n_test=240,
                prevalence=0.5,
                accuracy=auroc - 0.07,
                f1=auroc - 0.08,
                auroc=auroc,
                auprc=auroc + 0.01,
                f1_healthy=auroc - 0.06,
                auprc_healthy=auroc - 0.01,
                sensitivity_at_90_specificity=auroc - 0.2,
                brier=1 - auroc,
                calibration_error=0.04,
                temperature=1.2,
                n_test_patients=60,
                auroc_patients=auroc + 0.02,
                auprc_patients=auroc + 0.02,
            )
        )
    return rows


def _cell(rows: Sequence[RunRow], arm: ArmFacts, column: tuple[str, float]) -> Cell:
    runs = [r for r in rows if (r.arm, r.classifier, r.train_fraction) == (arm.name, *column)]
    return Cell(
        classifier=column[0],
        train_fraction=column[1],
        arm=arm.name,
        n_train_real=runs[0].n_train_real,
        n_train_synthetic=runs[0].n_train_synthetic,
        n_test=240,
        prevalence=0.5,
        metrics={name: an_estimate([getattr(run, name) for run in runs]) for name in METRICS},
    )


def _differences(arms: Sequence[ArmFacts], column: tuple[str, float]) -> list[Difference]:
    controls = [arm for arm in arms if arm.role == "matched control"]
    baselines = [arm for arm in arms if arm.role == "baseline"]
    with_lesions = [arm for arm in arms if arm.donors]
    pairs = [(arm, base) for base in baselines for arm in arms if arm != base]
    pairs += [(arm, control) for control in controls for arm in with_lesions]
    return [
        a_difference(
            arm.name,
            against,
            gain=auroc_of(arm.name, *column) - auroc_of(against.name, *column),
            classifier=column[0],
            train_fraction=column[1],
            metric=metric,
            **({} if metric == "auroc" else {"p_delong": None}),
        )
        for metric in ("auroc", "auprc")
        for arm, against in pairs
    ]


def _recovered(arms: Sequence[ArmFacts], column: tuple[str, float]) -> list[RecoveredShare]:
    found = []
    for arm in arms:
        real = next((a for a in arms if a.role == "real donor" and a.donors == arm.donors), None)
        if arm.role != "synthetic" or real is None or REPEATED not in arms:
            continue
        control, ours, theirs = (
            auroc_of(name, *column) for name in (REPEATED.name, arm.name, real.name)
        )
        gain = theirs - control
        share = (ours - control) / gain if gain > 0 else None
        found.append(
            RecoveredShare(
                classifier=column[0],
                train_fraction=column[1],
                arm=arm.name,
                control=REPEATED.name,
                real=real.name,
                share=share,
                interval=None
                if share is None
                else ShareInterval(low=share - 0.3, high=share + 0.26),
                gain_of_real=gain,
                reason=None
                if gain > 0
                else f"real patches of {', '.join(real.donors)} gained nothing over the control "
                "here, so there is no share to speak of",
            )
        )
    return found


def _curves(arm: ArmFacts, column: tuple[str, float]) -> list[Curve]:
    """Return the curves of two normal distributions with the arm's AUROC."""
    apart = NORMAL.inv_cdf(auroc_of(arm.name, *column)) * 2**0.5
    inner = CURVE_GRID[1:-1]
    roc = [0.0, *(NORMAL.cdf(NORMAL.inv_cdf(x) + apart) for x in inner), 1.0]
    found = [NORMAL.cdf(NORMAL.inv_cdf(recall) - apart) for recall in inner]
    pr = [1.0, *(r / (r + f) for r, f in zip(inner, found, strict=True)), 0.5]
    return [
        Curve.model_validate(
            {
                "classifier": column[0],
                "train_fraction": column[1],
                "arm": arm.name,
                "kind": kind,
                "x": CURVE_GRID,
                "y": y,
                "low": [max(0.0, value - 0.06) for value in y],
                "high": [min(1.0, value + 0.05) for value in y],
            }
        )
        for kind, y in (("roc", roc), ("pr", pr))
    ]


def _reliability(arm: ArmFacts, column: tuple[str, float]) -> Reliability:
    drawn = random.Random(f"{arm.name} {column}")
    return Reliability(
        classifier=column[0],
        train_fraction=column[1],
        arm=arm.name,
        bins=tuple(
            ReliabilityBin(
                predicted=(index + 0.5) / 10,
                observed=min(1.0, max(0.0, (index + 0.5) / 10 + drawn.gauss(0, 0.06))),
                patches=400 if index in {0, 9} else 60,
            )
            for index in range(10)
        ),
    )


def _balance() -> tuple[SubsetBalance, ...]:
    return tuple(
        SubsetBalance(
            subset=subset,
            patients=patients,
            share_of_patients=patients / 200,
            images=2 * patients,
            images_with_lesions=patients,
            lesions={"mass": patients, "calcification": 7},
            densities={"1": 0.1, "2": 0.4, "3": 0.3, "4": 0.2},
        )
        for subset, patients in (("train", 100), ("validation", 30), ("test", 70))
    )

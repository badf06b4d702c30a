"""Whether what generators do at their donor foretells how much they help at a receiver.

Two studies measure the same generators: the donor's trains on each of them alone and tests on its
own real patients, the receiver's adds each of them to its own lesions.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from centre_node.study.analysis.rank_correlation import rank_correlation
from centre_node.study.errors import StudyFileError
from centre_node.study.foretold import (
    Foretelling,
    LeftOut,
    Measured,
    MeasuredGenerator,
    OnCards,
    StudyColumn,
)
from centre_node.study.lineage import RESULT, read_report
from centre_node.study.receipts import METRIC, Place, differences_to_best_control
from centre_node.study.splits import check_splits
from node_api.findings import ArmRole, Cell, ChosenControl, StudyResult
from shared.cards import ModelCard
from shared.packages import MANIFEST, peek_package

AT_DONOR: ArmRole = "synthetic only"
AT_RECEIVER: ArmRole = "synthetic"
ON_CARDS = {
    "coverage": "coverage",
    "precision": "precision",
    "recall": "recall",
    "auroc": "how well samples are told from real patches (AUROC)",
    "kid": "kernel distance",
    "frechet_ratio": "Fréchet distance",
}
"""Fidelity numbers that are compared with what generators brought, and what they are called."""

TRAINS_ON: dict[ArmRole, str] = {
    AT_DONOR: "trains on one generator alone (own_lesions = false), as a donor's study must",
    AT_RECEIVER: "adds one generator to the own lesions, as a receiver's study must",
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns are meant; None: the studies have one only."""

    classifier: str | None = None
    donor_fraction: float | None = None
    receiver_fraction: float | None = None


@dataclass(frozen=True, slots=True)
class _Measurements:
    """What generators reached in one study, or in several on average.

    Attributes:
        values: By manifest digest.
        generators: That an arm has alone, also those whose runs all failed.
        several: Arms that draw from several generators.
    """

    values: Mapping[str, float]
    generators: int
    several: int


def foretell(
    donor: Path,
    receivers: Sequence[Path],
    columns: Columns,
    cards: Mapping[str, ModelCard] | None = None,
) -> Foretelling:
    """Compare generators' order at the donor with their order at the receiver.

    They are paired by manifest digest, over arms of exactly one generator each.

    Args:
        donor, receivers: Folders of studies that were run; those of the receiver differ in their
            split alone.
        cards: Of the generators, by manifest digest: what their fidelity foretells is told too.

    Raises:
        StudyFileError: A folder holds no study or not the arms or the column, both places have the
            same patches, the receiver's studies differ in more than the split, or no generator is
            in all of them.
    """
    first = read_report(donor / RESULT).result
    reports = [read_report(folder / RESULT) for folder in receivers]
    check_splits(receivers, [report.configuration for report in reports])
    others = dict(zip(receivers, (report.result for report in reports), strict=True))
    _check_apart(donor, first, others)
    at = _column(donor, first, columns.classifier, columns.donor_fraction, "--donor-fraction")
    there = _column(
        receivers[0], reports[0].result, columns.classifier, columns.receiver_fraction, "--fraction"
    )
    have_controls = all(_has_control(one, there) for one in others.values())
    measured: Measured = "gain" if have_controls else "auroc"
    own = _measured(donor, first, AT_DONOR, at, "auroc")
    theirs = _mean(
        [_measured(folder, one, AT_RECEIVER, there, measured) for folder, one in others.items()]
    )
    found = _paired(first, own, theirs)
    if not found:
        raise StudyFileError(
            f"no generator is measured both in {donor} and in {_listed(receivers)}; they are "
            "paired by manifest digest, so both places need studies of the very same packages"
        )
    at_donor, at_receiver = np.array([(one.at_donor, one.at_receiver) for one in found]).T
    return Foretelling(
        donor=at,
        receiver=there,
        receiver_studies=len(receivers),
        measured=measured,
        generators=found,
        correlation=rank_correlation(at_donor, at_receiver),
        on_cards=tuple(_on_cards(found, cards or {})),
        left_out=LeftOut(
            arms_at_donor=own.several,
            arms_at_receiver=theirs.several,
            only_at_donor=own.generators - len(found),
            only_at_receiver=theirs.generators - len(found),
        ),
    )


def cards_in(folder: Path) -> dict[str, ModelCard]:
    """Return the cards of all packages in a folder and the folders in it, by manifest digest.

    Raises:
        StudyFileError: There is none.
        BrokenPackageError, DigestMismatchError: A package is damaged.
    """
    packages = [peek_package(manifest.parent) for manifest in sorted(folder.rglob(MANIFEST))]
    if not packages:
        raise StudyFileError(
            f"no generator's package is in {folder} or a folder in it; name the folder that holds "
            "those that the studies compared"
        )
    return {package.digest: package.card for package in packages}


def _on_cards(
    found: Sequence[MeasuredGenerator], cards: Mapping[str, ModelCard]
) -> Iterator[OnCards]:
    for metric in ON_CARDS:
        pairs = [
            (value, one.at_receiver)
            for one in found
            if (value := _on_card(cards.get(one.manifest_digest), metric)) is not None
        ]
        if pairs:
            told, brought = np.array(pairs).T
            yield OnCards(metric=metric, correlation=rank_correlation(told, brought))


def _on_card(card: ModelCard | None, metric: str) -> float | None:
    if card is None or card.fidelity is None:
        return None
    value: float | None = getattr(card.fidelity.synthetic, metric)
    return value


def _check_apart(donor: Path, first: StudyResult, others: Mapping[Path, StudyResult]) -> None:
    """Check that a receiver's study is not made of the donor's patches."""
    for folder, one in others.items():
        if first.origin.data_digests == one.origin.data_digests:
            raise StudyFileError(
                f"{donor} and {folder} are studies of the same patches, which would foretell "
                "themselves; name a study of the donor and one of another centre"
            )


def _column(
    folder: Path, result: StudyResult, classifier: str | None, fraction: float | None, option: str
) -> StudyColumn:
    known = list(dict.fromkeys(map(_column_of, result.findings.cells)))
    meant = [
        column
        for column in known
        if classifier in (None, column.classifier) and fraction in (None, column.train_fraction)
    ]
    if len(meant) != 1:
        listed = "; ".join(
            f"--classifier {column.classifier} {option} {column.train_fraction:g}"
            for column in known
        )
        raise StudyFileError(
            f"{len(meant)} columns of {folder} are meant, where it must be one; it has: {listed}"
        )
    return meant[0]


def _column_of(one: Cell | ChosenControl) -> StudyColumn:
    return StudyColumn(classifier=one.classifier, train_fraction=one.train_fraction)


def _has_control(result: StudyResult, column: StudyColumn) -> bool:
    return column in map(_column_of, result.findings.controls)


def _measured(
    folder: Path, result: StudyResult, role: ArmRole, column: StudyColumn, measured: Measured
) -> _Measurements:
    arms: dict[str, str] = {}
    several = 0
    for arm in (facts.name for facts in result.arms if facts.role == role):
        used = [one for one in result.generators if arm in one.arms]
        if len(used) != 1:
            several += 1
        elif used[0].manifest_digest in arms:
            raise StudyFileError(
                f"{folder} has two arms of {used[0].centre}/{used[0].name}, "
                f"{arms[used[0].manifest_digest]!r} and {arm!r}; leave one out of the study file "
                "and start the study again, which does no run anew"
            )
        else:
            arms[used[0].manifest_digest] = arm
    if not arms:
        raise StudyFileError(f"{folder} has no arm that {TRAINS_ON[role]}")
    measure = _gain if measured == "gain" else _auroc
    values = {digest: measure(result, arm, column) for digest, arm in arms.items()}
    defined = {digest: value for digest, value in values.items() if value is not None}
    return _Measurements(defined, len(arms), several)


def _auroc(result: StudyResult, arm: str, column: StudyColumn) -> float | None:
    of_arm = [one for one in result.findings.cells if one.arm == arm]
    return next((one.metrics[METRIC].mean for one in of_arm if _column_of(one) == column), None)


def _gain(result: StudyResult, arm: str, column: StudyColumn) -> float | None:
    place = Place(arm, column.classifier, column.train_fraction)
    return next((one.difference for one in differences_to_best_control(result, place)), None)


def _mean(studies: Sequence[_Measurements]) -> _Measurements:
    """Return the mean over studies with the same arms, of the generators that all have."""
    first = studies[0]
    common = [digest for digest in first.values if all(digest in one.values for one in studies)]
    means = {digest: float(np.mean([one.values[digest] for one in studies])) for digest in common}
    return _Measurements(means, first.generators, first.several)


def _paired(
    donor: StudyResult, own: _Measurements, theirs: _Measurements
) -> tuple[MeasuredGenerator, ...]:
    """Return the generators that both places have, the best at the donor first."""
    found = [
        MeasuredGenerator(
            manifest_digest=used.manifest_digest,
            centre=used.centre,
            name=used.name,
            at_donor=own.values[used.manifest_digest],
            at_receiver=theirs.values[used.manifest_digest],
        )
        for used in donor.generators
        if used.manifest_digest in own.values and used.manifest_digest in theirs.values
    ]
    return tuple(sorted(found, key=lambda one: -one.at_donor))


def _listed(folders: Sequence[Path]) -> str:
    return " and in ".join(map(str, folders))

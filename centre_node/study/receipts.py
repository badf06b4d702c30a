"""What a generator was worth in a study, as a receipt that may leave the centre."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError

from centre_node.study.errors import NoReceiptError
from node_api.findings import Difference, Interval, StudyResult, UsedGenerator
from shared.models import validation_summary
from shared.receipts import (
    DECIMALS,
    ReceiptInterval,
    UtilityReceipt,
    patient_band,
    receipt_fault,
)
from shared.records import GeneratorVersion
from shared.version import genshare_version

METRIC = "auroc"
ROLES = ("synthetic", "synthetic only")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a receipt is read in a study's tables.

    Attributes:
        classifier, train_fraction: None: the study has one only.
    """

    arm: str
    classifier: str | None = None
    train_fraction: float | None = None


def generator_of(result: StudyResult, arm: str) -> UsedGenerator:
    """Return the one generator of an arm.

    Raises:
        NoReceiptError: It has none, or several: what each was worth cannot be told then.
    """
    by_arm = _by_arm(result)
    found = by_arm.get(arm, [])
    if len(found) != 1:
        known = sorted(name for name, used in by_arm.items() if len(used) == 1)
        raise NoReceiptError(
            f"{arm!r} is no arm of the study that uses one generator and nothing else of a donor; "
            f"such arms are: {', '.join(known) or 'none'}"
        )
    return found[0]


def places(result: StudyResult) -> tuple[Place, ...]:
    """Return where receipts can be read in a study's tables: arms of one generator, by column."""
    arms = [name for name, used in _by_arm(result).items() if len(used) == 1]
    return tuple(
        Place(one.arm, one.classifier, one.train_fraction)
        for arm in sorted(arms)
        for one in differences_to_best_control(result, Place(arm))
    )


def receipt_of(
    result: StudyResult, place: Place, record: GeneratorVersion, receiver: str
) -> UtilityReceipt:
    """Return what a version was worth in a study, rounded as it may leave.

    Raises:
        NoReceiptError: It was not measured, or several results are meant.
    """
    found = _difference(result, place)
    try:
        receipt = UtilityReceipt(
            subject=record.manifest_digest,
            donor=record.centre,
            name=record.name,
            version=record.version,
            receiver=receiver,
            study=result.origin.configuration_digest,
            classifier=found.classifier,
            train_fraction=found.train_fraction,
            arm=found.arm,
            control=found.against,
            difference=_rounded(found.difference),
            interval=_interval(found.interval),
            seeds=found.seeds,
            verdict=found.verdict,
            patients=patient_band(_patients(result)),
            day=datetime.now(UTC).date().isoformat(),
            genshare_version=genshare_version(),
        )
    except ValidationError as error:
        raise NoReceiptError(f"no receipt can be made: {validation_summary(error)}") from error
    fault = receipt_fault(receipt)
    if fault is not None:
        raise NoReceiptError(f"no receipt can be made: {fault}")
    return receipt


def differences_to_best_control(result: StudyResult, place: Place) -> Iterator[Difference]:
    """Yield an arm's differences in AUROC to the best control, of every column that is meant."""
    controls = {(one.classifier, one.train_fraction): one.arm for one in result.findings.controls}
    for one in result.findings.differences:
        column = (one.classifier, one.train_fraction)
        if (
            (one.arm, one.metric) == (place.arm, METRIC)
            and one.against_role != "baseline"
            and controls.get(column) == one.against
            and place.classifier in (None, one.classifier)
            and place.train_fraction in (None, one.train_fraction)
        ):
            yield one


def _by_arm(result: StudyResult) -> Mapping[str, Sequence[UsedGenerator]]:
    """Return the generators of each arm that uses nothing else of a donor, nor of two."""
    alone = {facts.name for facts in result.arms if facts.role in ROLES and len(facts.donors) < 2}
    return {name: [used for used in result.generators if name in used.arms] for name in alone}


def _difference(result: StudyResult, place: Place) -> Difference:
    found = list(differences_to_best_control(result, place))
    if not found:
        raise NoReceiptError(
            f"the study compares {place.arm!r} with no best control there; it needs an arm that a "
            "centre can make alone, such as own lesions painted"
        )
    if len(found) > 1:
        columns = "; ".join(
            f"--classifier {one.classifier} --fraction {one.train_fraction:g}" for one in found
        )
        raise NoReceiptError(f"the study has several results of {place.arm!r}; name one: {columns}")
    return found[0]


def _patients(result: StudyResult) -> int:
    return next((part.patients for part in result.balance if part.subset == "test"), 0)


def _interval(found: Interval | None) -> ReceiptInterval | None:
    if found is None:
        return None
    return ReceiptInterval(low=round(found.low, DECIMALS), high=round(found.high, DECIMALS))


def _rounded(value: float | None) -> float:
    if value is None:
        raise NoReceiptError("the study could not measure a difference, so that there is no result")
    return round(value, DECIMALS)

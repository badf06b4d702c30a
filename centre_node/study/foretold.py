"""What one study's order of generators says of another's."""

from typing import Literal

from centre_node.study.analysis.rank_correlation import RankCorrelation
from shared.models import StrictModel
from shared.names import Digest

Measured = Literal["gain", "auroc"]


class StudyColumn(StrictModel):
    """A column of a study's tables."""

    classifier: str
    train_fraction: float


class MeasuredGenerator(StrictModel):
    """What a generator did at both places, each a mean over seeds.

    Attributes:
        at_donor: AUROC on the donor's real test patients of classifiers trained on it alone.
        at_receiver: What it brought there, see `Foretelling.measured`; mean over the studies.
    """

    manifest_digest: Digest
    centre: str
    name: str
    at_donor: float
    at_receiver: float


class OnCards(StrictModel):
    """What a fidelity number on the generators' cards foretells.

    Attributes:
        metric: Of `FidelityRow`, of the synthetic patches beside real ones of the donor.
        correlation: With what the generators brought at the receiver; of a distance (`kid`,
            `frechet_ratio`, `auroc`) it is negative where nearer is better.
    """

    metric: str
    correlation: RankCorrelation


class LeftOut(StrictModel):
    """What could not be compared.

    Attributes:
        arms_at_donor, arms_at_receiver: Draw from several generators.
        only_at_donor, only_at_receiver: Generators without a number at the other place, or in one
            of the receiver's studies.
    """

    arms_at_donor: int
    arms_at_receiver: int
    only_at_donor: int
    only_at_receiver: int


class Foretelling(StrictModel):
    """Generators at the donor and at the receiver, and whether their orders are alike.

    Attributes:
        receiver_studies: How many, which differ in how the receiver's patients were split.
        measured: At the receiver: the gain in AUROC over the best control of each study, or AUROC
            where there is no control.
        on_cards: By metric, where generators' packages were at hand.
        generators: The best at the donor first.
    """

    donor: StudyColumn
    receiver: StudyColumn
    receiver_studies: int
    measured: Measured
    generators: tuple[MeasuredGenerator, ...]
    correlation: RankCorrelation
    on_cards: tuple[OnCards, ...] = ()
    left_out: LeftOut

"""What a centre asks of a generator before it leaves, and what it decided of one."""

from typing import Literal, Self

from pydantic import Field, model_validator

from node_api.review import Reviewer
from shared.attacks import MOST_ATTACKS, AttackName, Share, Unit
from shared.models import LARGEST_COUNT, MOST_KINDS, StrictModel
from shared.names import Digest, Text
from shared.statements import DifferentialPrivacy, Rule, Verdict

MOST_REASONS = 200

POLICY_FILE = "release-policy.toml"
"""Where a node looks for its policy, in its data folder."""


class Bounds(StrictModel):
    """Per patch and per patient; None sets no bound.

    Attributes:
        patch, patient: The largest value that is allowed.
    """

    patch: Share | None = None
    patient: Share | None = None


class AttackBounds(StrictModel):
    """Bounds of one attack in place of those of all.

    Attributes:
        attack: Which one.
    """

    attack: AttackName
    largest_auroc: Bounds = Bounds()
    largest_hit_rate: Bounds = Bounds()


class Budget(StrictModel):
    """What may be released of one patient, over all versions; None sets no bound.

    Attributes:
        versions: Packages that were published from the patient.
        tries: Decisions on generators of the patient, refused ones included.
        epsilon: Summed over trainings; one without differential privacy uses up any budget.
    """

    versions: int | None = Field(None, ge=1, le=LARGEST_COUNT)
    tries: int | None = Field(None, ge=1, le=LARGEST_COUNT)
    epsilon: float | None = Field(None, gt=0)


class MayWaive(StrictModel):
    """A person who may let a generator leave against the policy.

    Attributes:
        name: As statements and the ledger name the person.
        key_sha256: Of the key that only this person has.
    """

    name: Text
    key_sha256: Digest


class ReleasePolicy(StrictModel):
    """What a generator must show before it leaves its centre; every field has a default.

    The defaults, which hold where a centre has no policy, ask for no audit; one that was made all
    the same can refuse, and where it cannot tell, it holds nothing back. Their numbers are ours: no
    guideline names one. 0.65 is below every AUROC of a generator that was seen to memorise; a hit
    rate of 0.1 is ten times chance.

    Attributes:
        audit_required: Whether nothing leaves without an audit of its very weights.
        positive_control_required: Whether the audit must have found a leak that was planted.
        largest_auroc: Of each attack's one-sided upper bound of 95 %.
        largest_hit_rate: Of the same bound of the share of members that an attack finds at a
            false-positive rate of 1 %.
        attacks: Bounds of single attacks, which outweigh those of all.
        least_patients, least_held_out_patients: With fewer, nothing can be said.
        largest_near_duplicates: Share of the samples, beyond what chance brings.
        least_nearest_ratio: Median distance of samples to members over that to held-out patches;
            below it a generator is refused if chance does so in less than 1 % of cases.
        differential_privacy_required: Per patient.
        largest_epsilon, largest_delta: Of the training; an audit that shows a larger epsilon
            refuses too.
        coarse_counts_below: Smaller counts of patients and patches are told as wider bands.
        review: Who looks at what would be sent before it is: a person, each time, or nobody beyond
            this policy. None, which is not written: as the node's setting says.
        review_months: After so many, the release is to be looked at again.
    """

    schema_version: Literal[1] = 1
    audit_required: bool = False
    positive_control_required: bool = False
    largest_auroc: Bounds = Bounds(patch=0.65, patient=0.65)
    largest_hit_rate: Bounds = Bounds(patch=0.1)
    attacks: tuple[AttackBounds, ...] = Field((), max_length=MOST_ATTACKS)
    least_patients: int = Field(5, ge=1, le=LARGEST_COUNT)
    least_held_out_patients: int = Field(5, ge=1, le=LARGEST_COUNT)
    largest_near_duplicates: Share | None = 0.01
    least_nearest_ratio: float | None = Field(0.8, gt=0)
    differential_privacy_required: bool = False
    largest_epsilon: float | None = Field(None, gt=0)
    largest_delta: Share | None = None
    budget_per_patient: Budget = Budget()
    coarse_counts_below: int = Field(100, ge=5, le=LARGEST_COUNT)
    review: Reviewer | None = Field(None, exclude_if=lambda given: given is None)
    review_months: int = Field(12, ge=1, le=120)
    may_waive: tuple[MayWaive, ...] = Field((), max_length=MOST_KINDS)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        named: dict[str, list[str]] = {
            "attacks": [item.attack for item in self.attacks],
            "may_waive": [item.name for item in self.may_waive],
        }
        for what, names in named.items():
            if len(set(names)) < len(names):
                raise ValueError(f"{what} names {max(names, key=names.count)!r} twice")
        return self

    def auroc_bound(self, attack: AttackName, unit: Unit) -> float | None:
        """Return the bound of an attack's AUROC, None if there is none."""
        return self._own_or_all("largest_auroc", attack, unit)

    def hit_rate_bound(self, attack: AttackName, unit: Unit) -> float | None:
        """Return the bound of an attack's hit rate, None if there is none."""
        return self._own_or_all("largest_hit_rate", attack, unit)

    def _own_or_all(self, field: str, attack: AttackName, unit: Unit) -> float | None:
        own = [getattr(item, field) for item in self.attacks if item.attack == attack]
        for bounds in (*own, getattr(self, field)):
            bound: float | None = getattr(bounds, unit)
            if bound is not None:
                return bound
        return None


class Spent(StrictModel):
    """The most that was released of any one patient of a training before, by a centre's ledger.

    Attributes:
        epsilon: None: a version without differential privacy was published.
    """

    versions: int = Field(0, ge=0, le=LARGEST_COUNT)
    tries: int = Field(0, ge=0, le=LARGEST_COUNT)
    epsilon: float | None = Field(0.0, ge=0)


class TrainingFacts(StrictModel):
    """What is known of a training whose generator is to leave.

    Attributes:
        patients: Trained on; None: not known.
        spent: On these patients before.
    """

    patients: int | None = Field(None, ge=0, le=LARGEST_COUNT)
    differential_privacy: DifferentialPrivacy | None = None
    spent: Spent = Spent()


class Reason(StrictModel):
    """What one rule of the policy found.

    Attributes:
        found, limit: The numbers that decided; None where there are none.
        sentence: The same for a person.
        binding: Whether it holds a generator back where it speaks against it; what an audit that
            the policy does not ask for could not tell does not.
    """

    rule: Rule
    outcome: Verdict
    found: float | None
    limit: float | None
    sentence: str = Field(max_length=500)
    attack: AttackName | None = None
    unit: Unit | None = None
    binding: bool = True


class ReleaseDecision(StrictModel):
    """What a policy says of a generator, and every rule that was asked."""

    verdict: Verdict
    reasons: tuple[Reason, ...] = Field(max_length=MOST_REASONS)

    @property
    def may_leave(self) -> bool:
        """Whether nothing holds it back."""
        return not any(reason.binding for reason in self.against)

    @property
    def against(self) -> tuple[Reason, ...]:
        """The reasons that speak against it, those that refuse first."""
        return tuple(
            reason
            for outcome in ("refused", "inconclusive")
            for reason in self.reasons
            if reason.outcome == outcome
        )

    @property
    def rules_against(self) -> tuple[Rule, ...]:
        """The rules that speak against it, each once."""
        return tuple(dict.fromkeys(reason.rule for reason in self.against))

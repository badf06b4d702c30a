"""What the officer's page says, as data: `privacy.json`. It has exact numbers, and stays inside."""

from typing import Literal

from pydantic import Field

from node_api.audits import Audited, Copies, EpsilonBound, PositiveControl
from node_api.release import Reason, ReleasePolicy, Spent
from shared.attacks import AttackName, Share, Unit
from shared.models import StrictModel
from shared.names import Digest, Name
from shared.statements import AuditStatement, Day, DifferentialPrivacy, StatedWaiver, Verdict


class PageAttack(StrictModel):
    """An attack, in numbers and in words.

    Attributes:
        auroc_upper, hit_rate_upper: One-sided bounds of 95 %; the hit rate is that at 1 % of
            false alarms, None where it cannot be told.
        control_auroc: What the attack finds between two halves of the training patients, where
            there is nothing to find.
        smallest_visible: A smaller AUROC than this could have gone unseen.
    """

    attack: AttackName
    unit: Unit
    auroc: Share
    auroc_upper: Share
    control_auroc: Share
    hit_rate_upper: Share | None
    smallest_visible: Share
    how: str
    in_words: str


class PrivacyPage(StrictModel):
    """All that the officer's page says; names of fields are stable within a schema version.

    Attributes:
        parameters_per_patch: Numbers in the weights for each patch that they were trained on.
        residual_risk: What may be learnt of a patient all the same, a sentence each.
        stated: What leaves with the package of all this; None: nothing leaves.
    """

    schema_version: Literal[1] = 1
    manifest_digest: Digest
    centre: Name
    name: Name
    title: str
    weight_files: int
    purpose: str
    recipients: str
    threat_model: tuple[str, ...]
    verdict: Verdict
    verdict_in_words: str
    reasons: tuple[Reason, ...]
    waiver: StatedWaiver | None
    unit: str
    members: Audited | None
    held_out: Audited | None
    parameters: int
    parameters_per_patch: float | None
    attacks: tuple[PageAttack, ...]
    strongest: str
    strongest_read: str
    copies: Copies | None
    copies_in_words: str
    positive_control: PositiveControl | None
    positive_control_in_words: str
    epsilon_shown: EpsilonBound | None
    differential_privacy: DifferentialPrivacy | None
    differential_privacy_in_words: str
    spent_before: Spent
    tries: int = Field(ge=1)
    residual_risk: tuple[str, ...]
    policy: ReleasePolicy
    policy_digest: Digest
    audit_digest: Digest | None
    stated: AuditStatement | None
    made_on: Day
    review_on: Day
    genshare_version: str

"""Which donors' generators a centre takes: tried on its own validation patients."""

from typing import Literal

from pydantic import Field

from node_api.findings import ChosenControl, Interval, Verdict
from shared.models import StrictModel
from shared.names import Digest, Text


class TriedGenerator(StrictModel):
    """A generator, and what its lesions brought on validation patients.

    Attributes:
        name: As the study file calls it.
        gain: AUROC with its lesions minus that with the best control, mean over seeds; None where
            it is not defined, and `reason` says why.
        interval: Of 95 %, over validation patients and seeds.
        p_adjusted: For being one of several generators.
        verdict: Whether the gain is shown. The choice does not ask: it bets on what gained at all.
        share: Of the pool's lesions, 0 to 1; 0 is left out.
    """

    name: str
    manifest_digest: Digest
    centre: str
    gain: float | None
    interval: Interval | None
    p_adjusted: float | None
    verdict: Verdict
    share: float = Field(ge=0, le=1)
    reason: str | None = None


class Choice(StrictModel):
    """A receipt of which generators a centre chose, from what, and how.

    No test patient had a part in it: their mammograms were not opened.

    Attributes:
        configuration_digest: SHA-256 of the trial's configuration.
        split_digest: Tells how the centre's patients were split. A study with another split would
            be tested on patients that the choice was made by.
        patients_digest: Tells which of the centre's patients trained, validated and were left
            alone; None in receipts of earlier versions.
        control: The best that the centre does without donors, by the same patients.
        painted: Whether the generators draw residuals, which are painted on own healthy patches.
        validation_patches: That gains were measured on.
        tried: In the order of the study file.
        warnings: As in `StudyResult`; not written where there are none.
    """

    schema_version: Literal[1] = 1
    genshare_version: Text
    configuration_digest: Digest
    split_digest: Digest
    patients_digest: Digest | None = None
    data_digests: tuple[Digest, ...]
    classifier: str
    train_fraction: float
    seeds: int
    validation_patients: int
    validation_patches: int
    control: ChosenControl
    painted: bool = False
    tried: tuple[TriedGenerator, ...]
    warnings: tuple[str, ...] = Field((), exclude_if=lambda warnings: not warnings)

    @property
    def kept(self) -> tuple[TriedGenerator, ...]:
        """Those that the pool draws from."""
        return tuple(one for one in self.tried if one.share)

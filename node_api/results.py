"""What a finished job found."""

from collections.abc import Mapping

from pydantic import Field

from node_api.audits import AuditReport
from node_api.data_sources import FolderFormat, PhantomSet
from node_api.datasets import Dataset
from node_api.findings import StudyResult
from node_api.generator_training import GeneratorTraining
from node_api.held_out import HeldOut
from node_api.plans import StudyPlan
from node_api.previews import Preview
from node_api.recipes import SamplingRecipe
from shared.architectures import Architecture
from shared.cards import PrivacyPromise
from shared.cuttings import Cutting
from shared.fidelity import FidelityReport
from shared.models import StrictModel
from shared.names import Digest, LesionKind
from shared.records import GeneratorVersion


class TrainedGenerator(StrictModel):
    """What a finished training says of itself, exactly; what a card tells is made of it.

    Attributes:
        patients, patches: Of whom and of what it was trained.
        cutting: How the patches were cut; None, which is not written: an earlier version trained
            it, and did not say.
        held_out: Whom it never saw; None, which is not written: an earlier version trained it, on
            all patients.
        privacy: What was promised to the patients; None, which is not written: nothing.
    """

    data_set: str
    lesion_kinds: tuple[LesionKind, ...]
    patients: int
    patches: int
    pixel_spacing_mm: float | None
    cutting: Cutting | None = Field(None, exclude_if=lambda given: given is None)
    architecture: Architecture
    training: GeneratorTraining
    genshare_version: str
    fidelity: FidelityReport | None = None
    held_out: HeldOut | None = Field(None, exclude_if=lambda given: given is None)
    privacy: PrivacyPromise | None = Field(None, exclude_if=lambda given: given is None)


class FinishedTraining(TrainedGenerator):
    """A training's end; `skipped` counts what no patch could be cut from, by reason."""

    skipped: dict[str, int]


class WrittenPhantoms(StrictModel):
    """Phantoms that lie at the node, to be read like a real data set."""

    layout: FolderFormat
    phantoms: PhantomSet


class PulledGenerator(StrictModel):
    """A generator that lies at the node, verified.

    Attributes:
        weights: The weight files that were fetched; `whole` says whether they are all.
        signature: How its signature was found; None: nobody looked, as earlier versions did not.
        signed_by: The fingerprint of the key that signed it, if one did.
    """

    manifest_digest: Digest
    centre: str
    name: str
    version: int
    weights: tuple[str, ...]
    whole: bool
    signature: str | None = Field(None, exclude_if=lambda how: how is None)
    signed_by: Digest | None = Field(None, exclude_if=lambda key: key is None)


class SampledPatches(SamplingRecipe):
    """The recipe of patches that were drawn, and the shape of their array: count, height, width."""

    shape: tuple[int, int, int]


JobResult = (
    WrittenPhantoms
    | Dataset
    | Preview
    | FinishedTraining
    | AuditReport
    | GeneratorVersion
    | PulledGenerator
    | SampledPatches
    | StudyPlan
    | StudyResult
)

RESULTS: Mapping[str, type[JobResult]] = {
    "write_phantoms": WrittenPhantoms,
    "register": Dataset,
    "preview": Preview,
    "train_generator": FinishedTraining,
    "audit": AuditReport,
    "publish": GeneratorVersion,
    "pull": PulledGenerator,
    "sample": SampledPatches,
    "plan_study": StudyPlan,
    "study": StudyResult,
}
"""What a job of each kind finds."""

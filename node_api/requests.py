"""What can be asked of a node as a job."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from node_api.audits import AuditSettings
from node_api.data_sources import FolderFormat, PhantomSet
from node_api.generator_training import GeneratorTraining, check_has_classes
from node_api.held_out import HoldOut
from node_api.patches import PatchConfiguration
from node_api.studies import EVERY_KIND, StudyConfiguration
from shared.architectures import Architecture, DcganArchitecture
from shared.cards import MOST_WEIGHT_FILES
from shared.models import LARGEST_COUNT, LARGEST_SEED, MOST_KINDS, StrictModel
from shared.names import Digest, FileName, LesionKind, Name, Pathology
from shared.terms import Terms

JobKind = Literal[
    "write_phantoms", "train_generator", "audit", "publish", "pull", "sample", "study"
]


class JobRequest(StrictModel):
    """Base of every request.

    `threads` is part of the request because results depend on it: the same number of threads
    gives the same numbers anywhere.
    """

    threads: int = Field(1, ge=1, le=256)


class WritePhantomsRequest(JobRequest):
    """Draw phantoms and write them as a real data set is laid out, so that they can be read."""

    kind: Literal["write_phantoms"] = "write_phantoms"
    phantoms: PhantomSet

    @model_validator(mode="after")
    def _has_layout(self) -> Self:
        if self.phantoms.written_as is None:
            raise ValueError("phantoms.written_as must name the layout to write")
        return self

    @property
    def layout(self) -> FolderFormat:
        """The layout in which they are written."""
        assert self.phantoms.written_as is not None, "the validator saw to it"
        return self.phantoms.written_as


class TrainGeneratorRequest(JobRequest):
    """Train a generator on a data set's lesion patches."""

    kind: Literal["train_generator"] = "train_generator"
    dataset: Name
    lesion_kinds: tuple[LesionKind, ...] = Field(EVERY_KIND, min_length=1, max_length=MOST_KINDS)
    patches: PatchConfiguration = PatchConfiguration()
    architecture: Architecture = DcganArchitecture()
    training: GeneratorTraining = GeneratorTraining()
    hold_out: HoldOut = HoldOut()
    tensorboard: bool = Field(
        False, description="Write scalars and sample grids for TensorBoard into the job's folder."
    )

    @model_validator(mode="after")
    def _has_classes(self) -> Self:
        check_has_classes(self.training, self.architecture)
        return self


class WeightsChoice(JobRequest):
    """Which weight files of a finished training are meant."""

    training_job: str = Field(max_length=100, description="Id of the finished train_generator job.")
    ensemble: bool = Field(
        False, description="Every weight file that the training kept, not the final one only."
    )
    proportions: dict[FileName, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = Field(
        default_factory=dict,
        max_length=MOST_WEIGHT_FILES,
        description="These of the kept weight files instead, with patches drawn from them in these "
        "proportions.",
    )

    @model_validator(mode="after")
    def _one_choice_of_weights(self) -> Self:
        if self.ensemble and self.proportions:
            raise ValueError("ensemble takes every weight file, proportions some; give one of them")
        return self


class AuditRequest(AuditSettings, WeightsChoice):
    """Attack a trained generator as somebody would who has its weights, before it is published."""

    kind: Literal["audit"] = "audit"


class PublishRequest(Terms, WeightsChoice):
    """Build a package of a trained generator and publish it to the hub."""

    kind: Literal["publish"] = "publish"


class PullRequest(JobRequest):
    """Fetch a generator from the hub and verify it; of an ensemble, some files will do."""

    kind: Literal["pull"] = "pull"
    centre: Name
    name: Name
    version: int | None = Field(None, ge=1, le=LARGEST_COUNT, description="None is the latest.")
    weights: tuple[FileName, ...] = Field(
        (), max_length=MOST_WEIGHT_FILES, description="Weight files to fetch; none is all."
    )
    weights_at_most: int | None = Field(
        None, ge=1, le=LARGEST_COUNT, description="Fetch so many weight files, evenly spread."
    )

    @model_validator(mode="after")
    def _one_choice(self) -> Self:
        if self.weights and self.weights_at_most is not None:
            raise ValueError("give either weights or weights_at_most, not both")
        return self


class SampleRequest(JobRequest):
    """Sample synthetic patches from a pulled generator, from those weight files that are here."""

    kind: Literal["sample"] = "sample"
    generator: Digest = Field(description="Manifest digest of the pulled package.")
    count: int = Field(ge=1, le=1_000_000)
    seed: int = Field(0, ge=0, le=LARGEST_SEED)
    pathology: Pathology | None = Field(
        None,
        description="Of all patches, for a generator with classes; None draws them by turns.",
    )


class StudyRequest(JobRequest):
    """Run a study on a data set of this node.

    `threads` is that of each run, of which `workers` are done at once.
    """

    kind: Literal["study"] = "study"
    dataset: Name
    study: StudyConfiguration
    workers: int = Field(1, ge=1, le=256, description="Runs at once; results do not depend on it.")


AnyJobRequest = Annotated[
    WritePhantomsRequest
    | TrainGeneratorRequest
    | AuditRequest
    | PublishRequest
    | PullRequest
    | SampleRequest
    | StudyRequest,
    Field(discriminator="kind"),
]

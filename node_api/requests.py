"""What can be asked of a node as a job."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from node_api.audits import AuditSettings
from node_api.data_sources import DatasetSource, FolderFormat, PhantomSet
from node_api.generator_training import GeneratorTraining, check_classes
from node_api.held_out import HoldOut
from node_api.patches import PatchConfiguration
from node_api.previews import PreviewSettings
from node_api.studies import EVERY_KIND, StudyConfiguration
from shared.architectures import Architecture, DcganArchitecture
from shared.cards import MOST_WEIGHT_FILES
from shared.models import LARGEST_COUNT, LARGEST_SEED, MOST_KINDS, MOST_LISTED, StrictModel
from shared.names import Digest, FileName, LesionKind, Name, Pathology
from shared.terms import Terms, UseLimits

MOST_SAMPLES = 64

JobKind = Literal[
    "write_phantoms",
    "register",
    "preview",
    "train_generator",
    "audit",
    "publish",
    "pull",
    "sample",
    "plan_study",
    "study",
]


WITHDRAWN_TOO = "Whether generators that were withdrawn are used all the same."


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


class RegisterRequest(JobRequest):
    """Read a data set's annotations, draw some of its patches, and register it under a name."""

    kind: Literal["register"] = "register"
    name: Name
    source: DatasetSource


class PreviewRequest(PreviewSettings, JobRequest):
    """Draw patches of a data set, so that a person sees what a training or a study would see."""

    kind: Literal["preview"] = "preview"
    dataset: Name
    lesion_kinds: tuple[LesionKind, ...] = Field(EVERY_KIND, min_length=1, max_length=MOST_KINDS)
    patches: PatchConfiguration = PatchConfiguration()


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
        check_classes(self.training, self.architecture)
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
    samples: int = Field(
        0,
        ge=0,
        le=MOST_SAMPLES,
        description="Synthetic patches to show on the hub's page: drawn from the weights that are "
        "published, and sent as a picture with them.",
    )
    use: UseLimits | None = Field(
        None, description="Limits of its use, which its card tells and hub and receivers see to."
    )


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
    withdrawn_too: bool = Field(False, description=WITHDRAWN_TOO)
    pathology: Pathology | None = Field(
        None,
        description="Of all patches, for a generator with classes; None draws them by turns.",
    )


class StudyParts(JobRequest):
    """A study on a data set of this node.

    `threads` is that of each run, of which `workers` are done at once.
    """

    dataset: Name
    study: StudyConfiguration
    without: tuple[Digest, ...] = Field(
        (),
        max_length=MOST_LISTED,
        description="Generators that the arms do without, such as those that were withdrawn.",
    )
    withdrawn_too: bool = Field(False, description=WITHDRAWN_TOO)
    workers: int = Field(1, ge=1, le=256, description="Runs at once; results do not depend on it.")


class PlanStudyRequest(StudyParts):
    """Say how many patients a study would train and test on, and how long it would take here."""

    kind: Literal["plan_study"] = "plan_study"


class StudyRequest(StudyParts):
    """Run a study, and write its report."""

    kind: Literal["study"] = "study"


AnyJobRequest = Annotated[
    WritePhantomsRequest
    | RegisterRequest
    | PreviewRequest
    | TrainGeneratorRequest
    | AuditRequest
    | PublishRequest
    | PullRequest
    | SampleRequest
    | PlanStudyRequest
    | StudyRequest,
    Field(discriminator="kind"),
]

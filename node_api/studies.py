"""What a study compares."""

from typing import Annotated, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from node_api.classifier_training import SWIN_SIDE_PX, ClassifierName, ClassifierTraining
from node_api.generator_training import GeneratorTraining, check_classes
from node_api.looks import HarmonisedBy
from node_api.patches import DonorCutting, PatchConfiguration
from node_api.tasks import BENIGN_OR_MALIGNANT, LESION_OR_HEALTHY, Task
from shared.architectures import Architecture
from shared.models import (
    LARGEST_COUNT,
    LARGEST_SEED,
    MOST_KINDS,
    MOST_LISTED,
    StrictModel,
    check_named_once,
)
from shared.names import ArmName, Digest, LesionKind, Name, in_words


def _whether(value: object) -> object:
    if not isinstance(value, bool) and value != "validation":
        raise ValueError("must be true, false or 'validation'")
    return value


Harmonised = Annotated[bool | Literal["validation"], BeforeValidator(_whether)]
"""Whether added lesions get the own lesions' look; `validation` lets validation patients say."""


def looks_tried(harmonised: Harmonised) -> tuple[bool, ...]:
    """Return whether added lesions get the own look, in each of the trainings of a run."""
    return (False, True) if harmonised == "validation" else (harmonised,)


SCOPE_NAME = r"^[a-z-]{1,40}$"

Proportion = Annotated[float, Field(gt=0, allow_inf_nan=False)]

SOURCES = (
    "generators",
    "real_donors",
    "oversampled",
    "painted",
    "own_generator",
    "extra_healthy",
)
"""Fields of an arm that say what it adds; an arm has one of them, or none."""

NO_ARMS = (
    "a study without arms compares nothing; add an arm of the centre's own patches, "
    '{ name = "none" }, and one that they are compared with, such as '
    '{ name = "own lesions repeated", oversampled = true }'
)

EVERY_KIND: tuple[LesionKind, ...] = ("mass", "calcification", "other")


class Arm(StrictModel):
    """Which patches are added to the centre's own: a row of the tables.

    Lesions come from one source: generators, donors' real patches, or what the centre can do by
    itself; `StudyConfiguration.synthetic_patches` of them, in equal parts from each generator or
    donor, or in the proportions that are given of generators. As many of the centre's own healthy
    patches come with them as keep the classes balanced.

    Attributes:
        painted: Adds lesions that are painted on those healthy patches: `own` the own lesions,
            taken off the tissue around them, `ellipse` blobs with their axes and contrasts,
            `generator` what the arm's generators of residuals draw, as `ellipse`.
        sham_healthy: Those healthy patches go through the same painting, without a lesion, so that
            a classifier cannot learn the painting itself.
        own_generator: Adds lesions of the generator that the centre trains on its own training
            lesions, as `StudyConfiguration.own_generator` says.
        extra_healthy: Adds those healthy patches alone.
        oversampled: Adds own lesions over again, and the healthy patches: the control that differs
            from a synthetic arm in nothing but where the lesions come from. Added lesions of any
            source are not jittered, as those of a generator cannot be.
        own_lesions: False leaves out the centre's own lesions: the added ones stand alone.
        every_donated: Adds every lesion of the donors' data sets, as the paper did, instead of
            as many as generators would add.
        harmonised: Each donor's or generator's lesions get the look of the own training lesions;
            `validation` trains each run with and without, and keeps what tells validation patients
            better apart.
        harmonised_by: What of the look: `greys` by one curve, `greys_and_bands` beside them how
            strong fine and coarse structure is, such as grain and sharpness.
        augmentation: Instead of that of the study's `classifier_training`. `painted` is that one,
            and in each epoch half of the own lesions are painted anew on own healthy patches, and
            as many own healthy patches go through the same without a lesion.

    Source: paper section 2.4, paragraph 1. The controls are not in the paper.
    """

    name: ArmName = Field(description="What tables and figures call it.")
    generators: tuple[Digest, ...] = Field(
        (), max_length=MOST_LISTED, description="Manifest digests of pulled packages."
    )
    proportions: tuple[Proportion, ...] = Field(
        (),
        max_length=MOST_LISTED,
        description="How many lesions are drawn from each of the generators compared with the "
        "others, in their order; none: equally many.",
        exclude_if=lambda proportions: not proportions,
    )
    real_donors: tuple[Name, ...] = Field(
        (),
        max_length=MOST_LISTED,
        description="Registered data sets of other centres whose real patches are added.",
    )
    oversampled: bool = False
    painted: Literal["own", "ellipse", "generator"] | None = Field(
        None, exclude_if=lambda painted: painted is None
    )
    sham_healthy: bool = Field(False, exclude_if=lambda sham: not sham)
    own_generator: bool = Field(False, exclude_if=lambda own: not own)
    extra_healthy: bool = False
    own_lesions: bool = True
    every_donated: bool = False
    harmonised: Harmonised = Field(False, exclude_if=lambda harmonised: not harmonised)
    harmonised_by: HarmonisedBy = Field("greys", exclude_if=lambda by: by == "greys")
    augmentation: Literal["flips", "classical", "painted"] | None = None

    @model_validator(mode="after")
    def _one_kind_of_addition(self) -> Self:
        sources = [name for name in SOURCES if getattr(self, name)]
        if self.painted == "generator":
            sources.remove("painted")  # it says how, not what
            if not self.generators:
                raise ValueError("painted = 'generator' needs generators of residuals")
        if len(sources) > 1:
            raise ValueError(
                f"an arm adds one kind of patches, not {' and '.join(sources)}; healthy patches "
                "come with added lesions anyway"
            )
        if not self.own_lesions and not (self.generators or self.real_donors):
            raise ValueError("own_lesions = false needs generators or real_donors instead of them")
        if self.proportions and len(self.proportions) != len(self.generators):
            raise ValueError(
                f"proportions has {len(self.proportions)} numbers for {len(self.generators)} "
                "generators; give one for each, or none"
            )
        if self.every_donated and not self.real_donors:
            raise ValueError("every_donated needs real_donors")
        if self.harmonised and not (self.generators or self.real_donors):
            raise ValueError(
                "harmonised needs generators or real_donors: what a centre makes of its own "
                "lesions has its own look"
            )
        if self.harmonised_by != "greys" and not self.harmonised:
            raise ValueError(
                f"harmonised_by is {self.harmonised_by!r}, but the arm is not harmonised; give "
                "harmonised = true or 'validation' too"
            )
        if self.harmonised and self.painted:
            raise ValueError("painted lesions have the own greys; leave out harmonised")
        if self.sham_healthy and self.painted not in ("own", "ellipse"):
            raise ValueError(
                "sham_healthy needs painted = 'own' or 'ellipse', whose painting it is"
            )
        return self

    @property
    def unnamed(self) -> Self:
        """What the arm adds, whatever it is called; equal proportions are none."""
        alike = {"proportions": ()} if len(set(self.proportions)) == 1 else {}
        return self.model_copy(update={"name": "", **alike})

    @property
    def named_twice(self) -> str | None:
        """A generator or donor that the arm names more than once."""
        for names in (self.generators, self.real_donors):
            for place, name in enumerate(names):
                if name in names[:place]:
                    return name
        return None


class OwnGenerator(StrictModel):
    """The generator that a study's centre trains for itself; a collapse does not end its training.

    Attributes:
        architecture: Its image_size is the study's.
        training: Its seed is 0 if none is given, for it never leaves the centre.
    """

    architecture: Architecture
    training: GeneratorTraining = GeneratorTraining(seed=0)

    @field_validator("training")
    @classmethod
    def _can_be_repeated(cls, training: GeneratorTraining) -> GeneratorTraining:
        return training if training.seed is not None else training.model_copy(update={"seed": 0})

    @model_validator(mode="after")
    def _has_classes(self) -> Self:
        check_classes(self.training, self.architecture)
        return self

    @model_validator(mode="after")
    def _is_not_private(self) -> Self:
        if self.training.recipe == "private":
            raise ValueError(
                "the recipe private is for a generator that leaves; a study's own one stays, "
                "so its recipe is paper or improved"
            )
        return self


class StudyConfiguration(StrictModel):
    """A grid of runs: classifiers x train fractions x arms x seeds."""

    task: Task = Field(
        LESION_OR_HEALTHY,
        description="What the classifiers tell apart. The positive class is lesion, or malignant: "
        "then both classes are lesions of known pathology, half of what an arm adds is malignant, "
        "and no healthy patches are cut.",
        exclude_if=lambda task: task == LESION_OR_HEALTHY,
    )
    lesions: Annotated[
        str,
        StringConstraints(pattern=SCOPE_NAME),
        in_words(SCOPE_NAME, "lower-case letters and hyphens, such as masses, at most 40"),
    ] = Field("all", description="The scope's name in the tables: all, masses.")
    lesion_kinds: tuple[LesionKind, ...] = Field(
        EVERY_KIND, min_length=1, max_length=MOST_KINDS, description="Which lesions count."
    )
    patches: PatchConfiguration = PatchConfiguration()
    donor_cuttings: dict[Name, DonorCutting] = Field(
        default_factory=dict,
        max_length=MOST_LISTED,
        exclude_if=lambda cuttings: not cuttings,
        description="By donor: what is cut otherwise from its mammograms than from the own ones, "
        "as their pixel spacing is another.",
    )
    image_size: int = Field(
        128, ge=16, le=256, multiple_of=16, description="Side of a patch in pixels."
    )
    split_shares: tuple[float, float, float] = Field(
        (0.7, 0.15, 0.15), description="Patients in train, validation and test."
    )
    split_seed: int = Field(0, ge=0, lt=2**32, description="scikit-learn takes no larger one.")
    test_healthy_per_lesion: float = Field(
        1,
        ge=1,
        le=100,
        exclude_if=lambda share: share == 1,
        description="Healthy patches for each lesion in the test, where there is tissue for them; "
        "training and validation have one.",
    )
    train_fractions: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        (1.0, 0.5),
        min_length=1,
        max_length=MOST_LISTED,
        description="How much of the training set is used, each a column of the tables.",
    )
    train_fraction_of: Literal["patients", "patches"] = Field(
        "patients", description="patches is what the paper's published code did."
    )
    classifiers: tuple[ClassifierName, ...] = Field(
        ("cnn",), min_length=1, max_length=MOST_KINDS, description="The networks that are trained."
    )
    classifier_training: ClassifierTraining = ClassifierTraining()
    synthetic_patches: int = Field(
        1200, ge=2, le=LARGEST_COUNT, description="Lesions that an arm adds to the own ones."
    )
    sampling_seed: int = Field(
        0, ge=0, le=LARGEST_SEED, description="Of what generators draw and what is painted."
    )
    own_generator: OwnGenerator | None = Field(
        None,
        exclude_if=lambda own: own is None,
        description="What arms with own_generator = true train on the own training lesions.",
    )
    arms: tuple[Arm, ...] = Field(min_length=1, max_length=MOST_LISTED)
    seeds: tuple[Annotated[int, Field(ge=0, le=LARGEST_SEED)], ...] = Field(
        tuple(range(10)),
        min_length=1,
        max_length=MOST_LISTED,
        description="Each is a run; fewer than five lead to no verdict.",
    )
    resamples: int = Field(2000, ge=100, le=100_000, description="Of the bootstrap.")

    @field_validator("arms", mode="before")
    @classmethod
    def _something_to_compare(cls, arms: object) -> object:
        if isinstance(arms, list | tuple) and not arms:
            raise ValueError(NO_ARMS)
        return arms

    @field_validator("split_shares")
    @classmethod
    def _whole(cls, shares: tuple[float, float, float]) -> tuple[float, float, float]:
        if min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
            told = ", ".join(f"{share:g}" for share in shares)
            raise ValueError(f"split_shares must be positive and add up to 1, not {told}")
        return shares

    @field_validator("test_healthy_per_lesion")
    @classmethod
    def _task_has_healthy_patches(cls, share: float, info: ValidationInfo) -> float:
        if share != 1 and info.data.get("task") == BENIGN_OR_MALIGNANT:
            raise ValueError(
                f"test_healthy_per_lesion is {share:g}, but the task is {BENIGN_OR_MALIGNANT}, "
                "which has no healthy patches; leave it out"
            )
        return share

    @field_validator("arms")
    @classmethod
    def _arms_fit_the_task(cls, arms: tuple[Arm, ...], info: ValidationInfo) -> tuple[Arm, ...]:
        for arm in arms if info.data.get("task") == BENIGN_OR_MALIGNANT else ():
            is_painted = arm.painted or arm.augmentation == "painted"
            if arm.extra_healthy or arm.own_generator or is_painted:
                raise ValueError(
                    f"the arm {arm.name!r} needs healthy patches, but the task is "
                    f"{BENIGN_OR_MALIGNANT}, which has none; leave the arm out"
                )
        return arms

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for what, values in (
            ("arm", [arm.name for arm in self.arms]),
            ("seed", self.seeds),
            ("train fraction", self.train_fractions),
            ("classifier", self.classifiers),
        ):
            check_named_once(what, values)
        if "swin" not in self.classifiers and (
            (side := self.classifier_training.swin_side_px) != SWIN_SIDE_PX
        ):
            raise ValueError(
                f"classifier_training.swin_side_px is {side}, but swin is none of the classifiers, "
                f"{', '.join(self.classifiers)}, and the others work at image_size"
            )
        self._check_own_generator()
        self._check_donor_cuttings()
        return self

    def _check_donor_cuttings(self) -> None:
        for name in self.donor_cuttings:
            if name not in self.donors:
                raise ValueError(
                    f"donor_cuttings has {name!r}, but no arm adds real patches of it; the donors "
                    f"of the arms are {', '.join(self.donors) or 'none'}"
                )

    def _check_own_generator(self) -> None:
        named = [arm.name for arm in self.arms if arm.own_generator]
        if named and self.own_generator is None:
            raise ValueError(
                f"the arm {named[0]!r} needs own_generator = {{ architecture = ... }} in the study"
            )
        if self.own_generator is not None:
            if self.own_generator.architecture.output != "patch":
                raise ValueError("own_generator learns patches; leave out its architecture.output")
            side = self.own_generator.architecture.image_size
            if side != self.image_size:
                raise ValueError(
                    f"own_generator makes patches of {side} px, but image_size is {self.image_size}"
                )

    @property
    def repeated(self) -> str | None:
        """What stands twice among the arms, and what to do, in words; None where nothing does.

        It refuses nothing by itself, for what earlier versions left may have such arms.
        """
        names: dict[Arm, str] = {}
        usual = self.classifier_training.augmentation
        for arm in self.arms:
            if (twice := arm.named_twice) is not None:
                return (
                    f"the arm {arm.name!r} names {twice!r} twice, which adds nothing; name it "
                    "once, and say with proportions how much of it is drawn"
                )
            does = arm.unnamed.model_copy(update={"augmentation": arm.augmentation or usual})
            if (name := names.setdefault(does, arm.name)) != arm.name:
                return (
                    f"the arms {name!r} and {arm.name!r} differ in their names alone: the same "
                    "runs would be done and counted twice; leave one out, or change what it adds"
                )
        return None

    @property
    def donors(self) -> tuple[str, ...]:
        """Names of whose real patches arms add, each once, sorted."""
        return tuple(sorted({name for arm in self.arms for name in arm.real_donors}))

    def donor_patches(self, donor: str) -> PatchConfiguration:
        """Return how a donor's patches are cut."""
        cutting = self.donor_cuttings.get(donor)
        return self.patches if cutting is None else cutting.applied_to(self.patches)

    @property
    def trainings(self) -> int:
        """Classifiers to train: two in each run of an arm whose look validation patients choose."""
        by_arm = [len(looks_tried(arm.harmonised)) for arm in self.arms]
        return self.runs // len(by_arm) * sum(by_arm)

    @property
    def runs(self) -> int:
        """Cells of the grid."""
        return len(self.classifiers) * len(self.train_fractions) * len(self.arms) * len(self.seeds)

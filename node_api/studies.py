"""What a study compares."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from node_api.classifier_training import SWIN_SIDE_PX, ClassifierName, ClassifierTraining
from node_api.patches import PatchConfiguration
from node_api.tasks import BENIGN_OR_MALIGNANT, LESION_OR_HEALTHY, Task
from shared.models import LARGEST_COUNT, LARGEST_SEED, MOST_KINDS, MOST_LISTED, StrictModel
from shared.names import Digest, LesionKind, Name

ArmName = Annotated[str, StringConstraints(pattern=r"^[\w .,()+-]+$", min_length=1, max_length=60)]

EVERY_KIND: tuple[LesionKind, ...] = ("mass", "calcification", "other")


class Arm(StrictModel):
    """Which patches are added to the centre's own: a row of the tables.

    Lesions come from one source: generators, donors' real patches, or the centre's own lesions over
    again; `StudyConfiguration.synthetic_patches` of them, in equal parts from each generator or
    donor. As many of the centre's own healthy patches come with them as keep the classes balanced.

    Attributes:
        extra_healthy: Adds those healthy patches alone.
        oversampled: Adds own lesions over again, and the healthy patches: the control that differs
            from a synthetic arm in nothing but where the lesions come from. Added lesions of any
            source are not jittered, as those of a generator cannot be.
        own_lesions: False leaves out the centre's own lesions: the added ones stand alone.
        every_donated: Adds every lesion of the donors' data sets, as the paper did, instead of
            as many as generators would add.
        augmentation: Instead of that of the study's `classifier_training`.

    Source: paper section 2.4, paragraph 1. The controls are not in the paper.
    """

    name: ArmName
    generators: tuple[Digest, ...] = Field(
        (), max_length=MOST_LISTED, description="Manifest digests of pulled packages."
    )
    real_donors: tuple[Name, ...] = Field(
        (),
        max_length=MOST_LISTED,
        description="Registered data sets of other centres whose real patches are added.",
    )
    oversampled: bool = False
    extra_healthy: bool = False
    own_lesions: bool = True
    every_donated: bool = False
    augmentation: Literal["flips", "classical"] | None = None

    @model_validator(mode="after")
    def _one_kind_of_addition(self) -> Self:
        sources = [
            name
            for name in ("generators", "real_donors", "oversampled", "extra_healthy")
            if getattr(self, name)
        ]
        if len(sources) > 1:
            raise ValueError(
                f"an arm adds one kind of patches, not {' and '.join(sources)}; healthy patches "
                "come with added lesions anyway"
            )
        if not self.own_lesions and not (self.generators or self.real_donors):
            raise ValueError("own_lesions = false needs generators or real_donors instead of them")
        if self.every_donated and not self.real_donors:
            raise ValueError("every_donated needs real_donors")
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
    lesions: Annotated[str, StringConstraints(pattern=r"^[a-z-]{1,40}$")] = Field(
        "all", description="The scope's name in the tables: all, masses."
    )
    lesion_kinds: tuple[LesionKind, ...] = Field(EVERY_KIND, min_length=1, max_length=MOST_KINDS)
    patches: PatchConfiguration = PatchConfiguration()
    image_size: int = Field(128, ge=16, le=256)
    split_shares: tuple[float, float, float] = Field(
        (0.7, 0.15, 0.15), description="Patients in train, validation and test."
    )
    split_seed: int = Field(0, ge=0, lt=2**32, description="scikit-learn takes no larger one.")
    train_fractions: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        (1.0, 0.5), min_length=1, max_length=MOST_LISTED
    )
    train_fraction_of: Literal["patients", "patches"] = Field(
        "patients", description="patches is what the paper's published code did."
    )
    classifiers: tuple[ClassifierName, ...] = Field(("cnn",), min_length=1, max_length=MOST_KINDS)
    classifier_training: ClassifierTraining = ClassifierTraining()
    synthetic_patches: int = Field(1200, ge=2, le=LARGEST_COUNT)
    sampling_seed: int = Field(0, ge=0, le=LARGEST_SEED)
    arms: tuple[Arm, ...] = Field(min_length=1, max_length=MOST_LISTED)
    seeds: tuple[Annotated[int, Field(ge=0, le=LARGEST_SEED)], ...] = Field(
        tuple(range(10)), min_length=1, max_length=MOST_LISTED
    )
    resamples: int = Field(2000, ge=100, le=100_000, description="Of the bootstrap.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if min(self.split_shares) <= 0 or abs(sum(self.split_shares) - 1) > 1e-6:
            raise ValueError(
                f"split_shares must be positive and add up to 1, not {self.split_shares}"
            )
        for what, values in (
            ("arm", [arm.name for arm in self.arms]),
            ("seed", self.seeds),
            ("train fraction", self.train_fractions),
            ("classifier", self.classifiers),
        ):
            if len(set(values)) < len(values):
                raise ValueError(f"every {what} must be named once: {values}")
        self._check_task()
        if "swin" not in self.classifiers and (
            (side := self.classifier_training.swin_side_px) != SWIN_SIDE_PX
        ):
            raise ValueError(
                f"classifier_training.swin_side_px is {side}, but swin is none of the classifiers, "
                f"{', '.join(self.classifiers)}, and the others work at image_size"
            )
        return self

    def _check_task(self) -> None:
        if self.task == BENIGN_OR_MALIGNANT:
            for arm in self.arms:
                if arm.extra_healthy:
                    raise ValueError(
                        f"the arm {arm.name!r} adds healthy patches, but the task is {self.task}, "
                        "which has none; leave the arm out"
                    )

    @property
    def runs(self) -> int:
        """Classifiers to train."""
        return len(self.classifiers) * len(self.train_fractions) * len(self.arms) * len(self.seeds)

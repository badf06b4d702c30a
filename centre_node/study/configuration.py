"""What a study compares. Light: no array or tensor library is imported."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from centre_node.classifiers.configuration import ClassifierName, ClassifierTraining
from centre_node.mammography.configuration import PatchConfiguration
from shared.models import StrictModel
from shared.names import Digest, LesionKind

ArmName = Annotated[str, StringConstraints(pattern=r"^[\w .,()+-]+$", min_length=1, max_length=60)]

EVERY_KIND: tuple[LesionKind, ...] = ("mass", "calcification", "other")


class Arm(StrictModel):
    """Which patches are added to the centre's own: a row of the tables.

    With generators, `StudyConfiguration.synthetic_patches` lesions are added, in equal parts from
    each, and as many healthy patches of the centre. `extra_healthy` adds those healthy ones alone.

    Source: paper section 2.4, paragraph 1.
    """

    name: ArmName
    generators: tuple[Digest, ...] = Field((), description="Manifest digests of pulled packages.")
    extra_healthy: bool = False

    @model_validator(mode="after")
    def _one_kind_of_addition(self) -> Self:
        if self.generators and self.extra_healthy:
            raise ValueError(
                "an arm with generators adds healthy patches anyway: drop extra_healthy"
            )
        return self


class StudyConfiguration(StrictModel):
    """A grid of runs: classifiers x train fractions x arms x seeds."""

    lesions: Annotated[str, StringConstraints(pattern=r"^[a-z-]{1,40}$")] = Field(
        "all", description="The scope's name in the tables: all, masses."
    )
    lesion_kinds: tuple[LesionKind, ...] = Field(EVERY_KIND, min_length=1)
    patches: PatchConfiguration = PatchConfiguration()
    image_size: int = Field(128, ge=16, le=256)
    split_shares: tuple[float, float, float] = Field(
        (0.7, 0.15, 0.15), description="Patients in train, validation and test."
    )
    split_seed: int = Field(0, ge=0)
    train_fractions: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        (1.0, 0.5), min_length=1
    )
    train_fraction_of: Literal["patients", "patches"] = Field(
        "patients", description="patches is what the paper's published code did."
    )
    classifiers: tuple[ClassifierName, ...] = Field(("cnn",), min_length=1)
    classifier_training: ClassifierTraining = ClassifierTraining()
    synthetic_patches: int = Field(1200, ge=2)
    sampling_seed: int = Field(0, ge=0)
    arms: tuple[Arm, ...] = Field(min_length=1)
    seeds: tuple[int, ...] = Field((0, 1, 2), min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if min(self.split_shares) <= 0 or abs(sum(self.split_shares) - 1) > 1e-6:
            raise ValueError(
                f"split_shares must be positive and add up to 1, not {self.split_shares}"
            )
        for what, values in (("arm", [arm.name for arm in self.arms]), ("seed", self.seeds)):
            if len(set(values)) < len(values):
                raise ValueError(f"every {what} must be named once: {values}")
        return self

"""A study in one TOML file: data, generators and what is compared, with no node and no hub."""

import hashlib
import json
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, model_validator

from centre_node.mammography.splits import Split
from centre_node.study.arms import role_of
from centre_node.study.errors import StudyFileError
from node_api.choices import Choice
from node_api.data_sources import DatasetSource, MammogramFolder
from node_api.studies import Arm, StudyConfiguration
from shared.models import StrictModel, read_model, validation_summary
from shared.names import Name

OTHER_PATIENTS = (
    "was made with other patients, or with another split of them, so that the study would be "
    "tested on patients that it chose by; choose again"
)


class FileArm(Arm):
    """An arm that names generators and donors as the file does."""

    generators: tuple[Name, ...] = ()
    chosen: Path | None = Field(
        None,
        description="The receipt of `genshare choose`: draws from the generators that it keeps, in "
        "its proportions.",
    )

    @model_validator(mode="after")
    def _chosen_alone(self) -> Self:
        if self.chosen and role_of(self) != "baseline":
            raise ValueError(
                f"the arm {self.name!r} has chosen generators, and adds something else besides; "
                "an arm adds one kind of patches"
            )
        return self


class FileStudy(StudyConfiguration):
    """What is compared, with arms that name generators as the file does."""

    arms: tuple[FileArm, ...] = Field(min_length=1)


class StudyFile(StrictModel):
    """A study file.

    Attributes:
        own: The centre's own mammograms; folders are relative to the file.
        donors: Mammograms of others, by the names that arms have in `real_donors`.
        generators: Folders of fetched packages, by the names that arms have in `generators`.
        initial_weights: A safetensors file that classifiers start from, with the SHA-256 that
            `study.classifier_training.initial_weights` gives.
    """

    own: DatasetSource
    donors: dict[Name, DatasetSource] = Field(default_factory=dict)
    generators: dict[Name, Path] = Field(default_factory=dict)
    initial_weights: Path | None = None
    study: FileStudy

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        for arm in self.study.arms:
            for what, names, known in (
                ("generators", arm.generators, self.generators),
                ("real_donors", arm.real_donors, self.donors),
            ):
                for name in names:
                    if name not in known:
                        raise ValueError(
                            f"the arm {arm.name!r} has {name!r} in {what}, but the file has "
                            f"{', '.join(known) or 'none'}"
                        )
        return self

    @property
    def split_digest(self) -> str:
        """SHA-256 of what decides which of the centre's patients are validation patients."""
        fields = {"lesion_kinds", "split_shares", "split_seed"}
        identity = [
            self.own.model_dump(mode="json"),
            self.study.task,
            self.study.model_dump(mode="json", include=fields),
        ]
        return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()

    def configuration(self, digests: Mapping[str, str]) -> StudyConfiguration:
        """Return the study with generators by digest.

        Args:
            digests: Manifest digest of each generator by its name in the file.

        Raises:
            StudyFileError: A receipt cannot be read, or does not fit the study.
        """
        arms = tuple(self._arm(arm, digests) for arm in self.study.arms)
        return StudyConfiguration.model_validate(self.study.model_dump() | {"arms": arms})

    def without_choices(self) -> Self:
        """Return the file with nothing added where it has chosen generators: they are not yet."""
        arms = tuple(arm.model_copy(update={"chosen": None}) for arm in self.study.arms)
        return self.model_copy(update={"study": self.study.model_copy(update={"arms": arms})})

    @property
    def receipts(self) -> tuple[Path, ...]:
        """Those of the choices that arms draw from."""
        return tuple(arm.chosen for arm in self.study.arms if arm.chosen is not None)

    def check_patients(self, split: Split) -> None:
        """Check that no receipt was made by patients whom the study tests on.

        Raises:
            StudyFileError: One was made when the centre's patients were others.
        """
        for receipt in self.receipts:
            if _read_choice(receipt).patients_digest not in (None, split.digest()):
                raise StudyFileError(f"{receipt} {OTHER_PATIENTS}")

    def _arm(self, arm: FileArm, digests: Mapping[str, str]) -> Arm:
        fields = arm.model_dump(exclude={"chosen"})
        if arm.chosen is None:
            fields["generators"] = tuple(digests[name] for name in arm.generators)
            return Arm.model_validate(fields)
        choice = self._choice(arm.chosen, set(digests.values()))
        fields["generators"] = tuple(one.manifest_digest for one in choice.kept)
        fields["proportions"] = tuple(one.share for one in choice.kept)
        fields["painted"] = "generator" if choice.painted else None
        return Arm.model_validate(fields)

    def _choice(self, receipt: Path, known: Collection[str]) -> Choice:
        choice = _read_choice(receipt)
        if choice.split_digest != self.split_digest:
            raise StudyFileError(f"{receipt} {OTHER_PATIENTS}")
        if not choice.kept:
            raise StudyFileError(
                f"{receipt} keeps no generator, for none beat the control; leave the arm out"
            )
        for one in choice.kept:
            if one.manifest_digest not in known:
                raise StudyFileError(
                    f"{receipt} chose {one.name!r} with the digest {one.manifest_digest[:12]}, "
                    "which none of the file's generators has"
                )
        return choice


def _read_choice(receipt: Path) -> Choice:
    return read_model(Choice, receipt, StudyFileError, as_what=" is no receipt of a choice")


def read_study_file(path: Path) -> StudyFile:
    """Read a study file; its relative paths become absolute.

    Raises:
        StudyFileError: There is none, or it says something that makes no sense.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        file = StudyFile.model_validate(content)
    except OSError as error:
        raise StudyFileError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StudyFileError(f"{path} is no TOML: {error}") from error
    except ValidationError as error:
        raise StudyFileError(f"{path}: {validation_summary(error)}") from error
    base = path.resolve().parent
    return file.model_copy(
        update={
            "own": _absolute(file.own, base),
            "donors": {name: _absolute(source, base) for name, source in file.donors.items()},
            "generators": {name: base / folder for name, folder in file.generators.items()},
            "initial_weights": file.initial_weights and base / file.initial_weights,
            "study": file.study.model_copy(
                update={"arms": tuple(_with_absolute(arm, base) for arm in file.study.arms)}
            ),
        }
    )


def _with_absolute(arm: FileArm, base: Path) -> FileArm:
    return arm.model_copy(update={"chosen": arm.chosen and base / arm.chosen})


def _absolute(source: DatasetSource, base: Path) -> DatasetSource:
    if not isinstance(source, MammogramFolder):
        return source
    return source.model_copy(update={"folder": str(base / source.folder)})

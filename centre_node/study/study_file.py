"""A study in one TOML file: data, generators and what is compared, with no node and no hub."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, model_validator

from centre_node.study.errors import StudyFileError
from node_api.data_sources import DatasetSource, MammogramFolder
from node_api.studies import Arm, StudyConfiguration
from shared.models import StrictModel, validation_summary
from shared.names import Name


class FileArm(Arm):
    """An arm that names generators and donors as the file does."""

    generators: tuple[Name, ...] = ()


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

    def configuration(self, digests: Mapping[str, str]) -> StudyConfiguration:
        """Return the study with generators by digest.

        Args:
            digests: Manifest digest of each generator by its name in the file.
        """
        arms = tuple(
            Arm.model_validate(
                arm.model_dump() | {"generators": tuple(digests[name] for name in arm.generators)}
            )
            for arm in self.study.arms
        )
        return StudyConfiguration.model_validate(self.study.model_dump() | {"arms": arms})


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
        }
    )


def _absolute(source: DatasetSource, base: Path) -> DatasetSource:
    if not isinstance(source, MammogramFolder):
        return source
    return source.model_copy(update={"folder": str(base / source.folder)})

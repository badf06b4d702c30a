"""What a training does, from options and a TOML file."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import typer
from pydantic import Field, ValidationError, model_validator

from node_api.generator_training import GeneratorTraining, check_classes
from node_api.held_out import HoldOut
from node_api.losses import DEFAULT_LOSS, LOSSES
from node_api.patches import PatchConfiguration
from shared.architectures import Architecture
from shared.models import StrictModel, validation_summary
from shared.names import LesionKind


class TrainingPlan(StrictModel):
    """What is cut from mammograms, and what is trained on it."""

    lesion_kinds: tuple[LesionKind, ...]
    patches: PatchConfiguration
    architecture: Architecture
    training: GeneratorTraining
    hold_out: HoldOut = HoldOut()

    @model_validator(mode="after")
    def _has_classes(self) -> Self:
        check_classes(self.training, self.architecture)
        return self


class _TrainingFile(StrictModel):
    """The tables that a generator has in a scenario."""

    architecture: dict[str, Any] = Field(default_factory=dict)
    training: dict[str, Any] = Field(default_factory=dict)
    hold_out: dict[str, Any] = Field(default_factory=dict)


def training_plan(
    lesion_kinds: tuple[LesionKind, ...],
    patches: PatchConfiguration,
    *,
    file: Path | None,
    architecture: Mapping[str, Any],
    training: Mapping[str, Any],
    hold_out: Mapping[str, Any],
) -> TrainingPlan:
    """Return the plan that options and a file give; an option outweighs the file.

    Without another word a training has the networks that its loss is published with.

    Args:
        file: TOML with the tables [architecture], [training] and [hold_out].
        architecture: Options by field; None was not given.
        training, hold_out: The same.

    Raises:
        typer.BadParameter: The file cannot be read, or a value is wrong.
    """
    tables = _TrainingFile() if file is None else _read(file)
    trained = tables.training | _given(training)
    privacy = tables.training.get("privacy")
    if isinstance(privacy, dict) and "privacy" in training:  # the rest of it is the file's
        trained["privacy"] = privacy | training["privacy"]
    try:
        return TrainingPlan.model_validate(
            {
                "lesion_kinds": lesion_kinds,
                "patches": patches,
                "architecture": _usual_networks(trained)
                | tables.architecture
                | _given(architecture),
                "training": trained,
                "hold_out": tables.hold_out | _given(hold_out),
            }
        )
    except ValidationError as error:
        raise typer.BadParameter(validation_summary(error)) from error


def _usual_networks(training: Mapping[str, Any]) -> dict[str, str]:
    traits = LOSSES.get(str(training.get("loss", DEFAULT_LOSS)))
    return {} if traits is None else {"kind": traits.architecture}  # None: refused with the loss


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _read(path: Path) -> _TrainingFile:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        if not tables:
            raise typer.BadParameter(f"--training {path} says nothing; leave it out for defaults")
        return _TrainingFile.model_validate(tables)
    except OSError as error:
        raise typer.BadParameter(f"--training {path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise typer.BadParameter(
            f"--training {path}, which may have the tables [architecture], [training] and "
            f"[hold_out]: {validation_summary(error)}"
        ) from error
    except ValueError as error:  # of tomllib, or no UTF-8
        raise typer.BadParameter(f"--training {path} is no TOML: {error}") from error

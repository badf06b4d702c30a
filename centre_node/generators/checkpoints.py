"""The full state of a training on disk: what it resumes from. It never leaves the centre."""

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from centre_node.generators.errors import CheckpointError
from centre_node.generators.state import TrainingState
from node_api.generator_training import NOT_OF_THE_RESULT, GeneratorTraining
from shared.architectures import Architecture
from shared.files import write_text, write_whole
from shared.models import StrictModel
from shared.names import Digest
from shared.packages import canonical_json

CHECKPOINT, RUN = "checkpoint.pt", "training.json"


class TrainingRun(StrictModel):
    """What determines a training's result; kept in its folder as training.json.

    Attributes:
        classes_sha256: Of the patches' classes, where the architecture has some.
        patients_sha256: Of whose the patches are, where the training is private.
        start_sha256: Of the checkpoint whose networks it starts from; None: from random ones.
    """

    architecture: Architecture
    training: GeneratorTraining
    patches: int
    patches_sha256: Digest
    classes_sha256: Digest | None = Field(None, exclude_if=lambda digest: digest is None)
    patients_sha256: Digest | None = Field(None, exclude_if=lambda digest: digest is None)
    start_sha256: Digest | None = Field(None, exclude_if=lambda digest: digest is None)

    @property
    def digest(self) -> str:
        """The SHA-256 of all that the weights depend on, in hexadecimal."""
        defaults = GeneratorTraining.model_fields
        neutral = {name: defaults[name].default for name in NOT_OF_THE_RESULT}
        training = self.training.model_copy(update=neutral)
        identity = self.model_copy(update={"training": training})
        return hashlib.sha256(canonical_json(identity)).hexdigest()


def training_run(
    patches: NDArray[np.uint8],
    architecture: Architecture,
    training: GeneratorTraining,
    classes: NDArray[np.int64] | None = None,
    patients: NDArray[np.int64] | None = None,
    *,
    start_sha256: str | None = None,
) -> TrainingRun:
    """Describe a training on patches, shape (n, side, side), of classes and patients, (n,)."""
    return TrainingRun(
        architecture=architecture,
        training=training,
        patches=len(patches),
        patches_sha256=sha256_of_array(patches),
        classes_sha256=None if classes is None else sha256_of_array(classes),
        patients_sha256=None if patients is None else sha256_of_array(patients),
        start_sha256=start_sha256,
    )


def sha256_of_array(array: NDArray[Any]) -> str:
    """Return the SHA-256 of an array's numbers in hexadecimal; its shape does not count."""
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()


def claim_folder(folder: Path, run: TrainingRun) -> None:
    """Make the folder this run's, or check that it is.

    Raises:
        CheckpointError: Another run's files are in it.
    """
    path = folder / RUN
    if not path.exists():
        if (folder / CHECKPOINT).exists():
            raise CheckpointError(f"{folder} holds {CHECKPOINT}, but no {RUN} that describes it")
        folder.mkdir(parents=True, exist_ok=True)
        write_text(path, run.model_dump_json(indent=2))
    elif read_run(folder).digest != run.digest:
        raise CheckpointError(
            f"{folder} holds a training with another architecture, configuration or patches"
        )


def read_run(folder: Path) -> TrainingRun:
    """Return what determines the result of the training in a folder.

    Raises:
        CheckpointError: No training has begun there, or its description is damaged.
    """
    path = folder / RUN
    try:
        return TrainingRun.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise CheckpointError(f"{path} is no description of a training") from error


def save_checkpoint(folder: Path, state: TrainingState, run: TrainingRun) -> None:
    """Replace the folder's checkpoint; an interruption leaves the one before."""
    content = {"run": run.digest, "state": state.state_dict()}
    write_whole(folder / CHECKPOINT, lambda file: torch.save(content, file))


def load_checkpoint(folder: Path, state: TrainingState, run: TrainingRun) -> None:
    """Put the folder's checkpoint, if there is one, into `state`.

    Raises:
        CheckpointError: It is damaged, or another run's.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return
    digest, saved = read_checkpoint(path)
    if digest != run.digest:
        raise CheckpointError(
            f"{path} belongs to a training with another architecture, configuration or patches"
        )
    state.load_state_dict(saved)


def read_checkpoint(path: Path) -> tuple[str, dict[str, Any]]:
    """Return a checkpoint's run, as its digest, and the state.

    Raises:
        CheckpointError: It is damaged.
    """
    try:
        _check_checksums(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except CheckpointError:
        raise
    except Exception as error:  # zipfile and torch raise a dozen kinds for a broken file
        raise CheckpointError(f"{path} is no readable checkpoint") from error
    match content:
        case {"run": str(digest), "state": dict(saved)}:
            return digest, saved
    raise CheckpointError(f"{path} is no readable checkpoint")


def _check_checksums(path: Path) -> None:
    """Read every part of the file, since torch itself does not notice a flipped bit."""
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
    if damaged is not None:
        raise CheckpointError(f"{path} is damaged: the checksum of {damaged} is wrong")

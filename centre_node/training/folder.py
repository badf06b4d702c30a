"""The folder of a training without a node: its plan first, and at its end what a card may tell."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from centre_node.generators.checkpoints import RUN
from centre_node.generators.starting import StartingNetworks, read_start
from centre_node.mammography.command_options import OF_PHANTOMS
from centre_node.training.errors import TrainingFolderError
from centre_node.training.plan import TrainingPlan
from node_api.generator_training import NOT_OF_THE_RESULT
from node_api.results import TrainedGenerator
from shared.files import alone_in, empty_folder, write_text
from shared.models import read_model

PLAN, TRAINED, PATCHES, PICTURES = "plan.json", "trained.json", "patches", "pictures"
DAMAGED = " is damaged"
_MAY_CHANGE = {f"training.{name}" for name in NOT_OF_THE_RESULT}
_DRAWN = {"training.seed", "hold_out.seed"}
"""What a training has drawn where it was not given: whoever goes on need not know it."""


class FolderPlan(TrainingPlan):
    """A training, which mammograms it is of (a folder's path or the style of phantoms), and how.

    A result's rounding depends on the threads.
    """

    source: str
    where: tuple[str, ...]
    threads: int = 1


@contextmanager
def claim(folder: Path, plan: FolderPlan) -> Iterator[None]:
    """Make the folder this plan's, or check that it is, and keep other processes out of it.

    Until a training has begun in it, the plan may be changed. Where the block fails before that,
    what it wrote into a folder that was new is removed.

    Raises:
        TrainingFolderError: It holds something else, or cannot be written.
        FolderInUseError: Another process is at work in it.
    """
    was_there = folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingFolderError(f"{folder} cannot be written: {error.strerror}") from error
    with alone_in(folder):
        was_empty = not any(folder.iterdir())
        _keep_plan(folder, plan)
        try:
            yield
        except Exception:
            if was_empty and not _has_begun(folder):
                empty_folder(folder)
                if not was_there:
                    folder.rmdir()
            raise


def _has_begun(folder: Path) -> bool:
    return (folder / RUN).exists()


def _keep_plan(folder: Path, plan: FolderPlan) -> None:
    path = folder / PLAN
    if path.is_file() and _has_begun(folder):
        _check_same(
            folder, read_model(FolderPlan, path, TrainingFolderError, as_what=DAMAGED), plan
        )
        return
    try:
        if any(folder.iterdir()) and not path.is_file():
            raise TrainingFolderError(f"{folder} is not empty, and holds no {PLAN} of a training")
        write_text(path, plan.model_dump_json(indent=2))
    except OSError as error:
        raise TrainingFolderError(f"{folder} cannot be written: {error.strerror}") from error


def phantoms_start(folder: Path) -> StartingNetworks:
    """Return the networks of a training on phantoms, to start another training from.

    Raises:
        TrainingFolderError: It was trained on mammograms: their patients would be in the new
            weights too, and nobody would count them.
        CheckpointError: There is no checkpoint, or a damaged one.
    """
    plan = read_model(FolderPlan, folder / PLAN, TrainingFolderError, as_what=DAMAGED)
    if not plan.source.startswith(OF_PHANTOMS):
        raise TrainingFolderError(
            f"{folder} was trained on mammograms, whose patients would be in the new weights too, "
            "uncounted; start from a training with --phantoms"
        )
    return read_start(folder)


def keep_trained(folder: Path, trained: TrainedGenerator) -> None:
    """Write what the training says of itself: with it the folder is finished."""
    write_text(folder / TRAINED, trained.model_dump_json(indent=2))


def read_trained(folder: Path) -> TrainedGenerator | None:
    """Return what a finished training says of itself; None while it is not finished.

    Raises:
        TrainingFolderError: The file is damaged.
    """
    path = folder / TRAINED
    if not path.is_file():
        return None
    return read_model(TrainedGenerator, path, TrainingFolderError, as_what=DAMAGED)


def _check_same(folder: Path, there: FolderPlan, here: FolderPlan) -> None:
    then, now = (dict(_flat(plan.model_dump(mode="json"))) for plan in (there, here))
    for name in [*then, *now]:
        is_left_open = name in _DRAWN and now.get(name) is None
        if then.get(name) != now.get(name) and name not in _MAY_CHANGE and not is_left_open:
            raise TrainingFolderError(
                f"{folder} holds another training: {name} is {then.get(name)} there and "
                f"{now.get(name)} here"
            )


def _flat(document: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value

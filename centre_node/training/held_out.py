"""Patients that a training holds out: decided and on the disk before its first step.

They are an audit's non-members. `held-out.json` in the training's folder names them, and so stays
in the centre.
"""

import hashlib
import os
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from centre_node.generators.checkpoints import read_run, sha256_of_array
from centre_node.mammography.errors import NotEnoughPatientsError
from centre_node.mammography.patch_store import PatchStore
from centre_node.painting.residual_patches import residual_patches
from centre_node.training.errors import TrainingFolderError
from node_api.held_out import DEFAULT_SHARE, FEWEST_PATIENTS, HeldOut, HoldOut
from shared.architectures import Output
from shared.counts import counted
from shared.files import whole_file
from shared.models import LARGEST_SEED, StrictModel, read_model

HELD_OUT = "held-out.json"


class HeldOutPatients(StrictModel):
    """Who is trained on and who is not; kept in the training's folder, and never told.

    Attributes:
        store: The folder of the patches, seen from the training's own.
        seed: Of the coins.
        too_few: Whether nobody is held out because there are too few patients.
        members, held_out: Patients, sorted; each is in one of both.
    """

    store: str
    share: float = Field(ge=0, lt=1)
    seed: int = Field(ge=0, le=LARGEST_SEED)
    too_few: bool
    members: tuple[str, ...]
    held_out: tuple[str, ...]

    @property
    def sides(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Who is trained on, and who is held out."""
        return self.members, self.held_out


def falls_out(patient: str, *, share: float, seed: int) -> bool:
    """Throw a patient's coin: the same for the same seed, whoever else is there.

    Args:
        share: The probability of True.
    """
    key = seed.to_bytes(8, "big")
    thrown = hashlib.blake2b(patient.encode(), key=key, digest_size=8).digest()
    return int.from_bytes(thrown, "big") < share * 2**64


def decide(
    folder: Path, store_folder: Path, patients: Iterable[str], wanted: HoldOut, *, started: bool
) -> HeldOutPatients | None:
    """Return who is held out, and keep it in the training's folder before anything is trained.

    What was decided before holds, unless no training has begun and something else is wanted now.

    Args:
        started: Whether a training has begun in the folder.

    Returns:
        None for a training that an earlier version began: it goes on with all patients.

    Raises:
        NotEnoughPatientsError: The coins leave nobody to train on.
        TrainingFolderError: The training has begun with other patients, or what was decided is
            damaged.
    """
    path = folder / HELD_OUT
    before = _read(path) if path.is_file() else None
    if started and before is None:
        return None
    store = os.path.relpath(store_folder.resolve(), folder.resolve())
    seed = secrets.randbits(64) if before is None else before.seed
    decided = _thrown(sorted(set(patients)), wanted, store, drawn_seed=seed)
    if started and before is not None and before.sides != decided.sides:
        raise TrainingFolderError(
            f"{folder} holds a training that holds out other patients; its data set has changed"
        )
    if not started and before != decided:
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as file:
            file.touch(mode=0o600)
            file.write_text(decided.model_dump_json(indent=2))
    return decided


def _thrown(
    patients: Sequence[str], wanted: HoldOut, store: str, *, drawn_seed: int
) -> HeldOutPatients:
    """Throw every patient's coin, from a seed that was drawn if none is wanted."""
    too_few = wanted.share is None and len(patients) < FEWEST_PATIENTS
    share = (0.0 if too_few else DEFAULT_SHARE) if wanted.share is None else wanted.share
    seed = drawn_seed if wanted.seed is None else wanted.seed
    out = {name for name in patients if falls_out(name, share=share, seed=seed)}
    if len(out) == len(patients):
        raise NotEnoughPatientsError(
            f"holding out a share of {share:g} of "
            f"{counted(len(patients), 'patient')} left nobody to train on"
        )
    return HeldOutPatients(
        store=store,
        share=share,
        seed=seed,
        too_few=too_few,
        members=tuple(name for name in patients if name not in out),
        held_out=tuple(name for name in patients if name in out),
    )


def told(decided: HeldOutPatients, *, patches: int) -> HeldOut:
    """Return what may be told of who is held out.

    Args:
        patches: Theirs.
    """
    return HeldOut(
        share=decided.share,
        patients=len(decided.held_out),
        patches=patches,
        statement=_statement(decided, patches),
    )


def _statement(decided: HeldOutPatients, patches: int) -> str:
    here = len(decided.members) + len(decided.held_out)
    if decided.too_few:
        return (
            f"nobody is held out: {counted(here, 'patient is', 'patients are')} fewer than "
            f"the {FEWEST_PATIENTS} that it takes by default, so an audit has nobody to compare "
            "with"
        )
    if not decided.share:
        return "nobody is held out, as was asked for, so an audit has nobody to compare with"
    return (
        f"held out: {len(decided.held_out)} of {counted(here, 'patient')} with "
        f"{counted(patches, 'patch', 'patches')}, each by a coin of {decided.share:g}"
    )


@dataclass(frozen=True, slots=True)
class Side:
    """The patches of the patients on one side, in the order of the store.

    Attributes:
        indices: Of the store's records, shape (n,).
        patients: Whose each is, n of them.
        output: What a generator learns of them.
    """

    store: PatchStore
    indices: NDArray[np.int64]
    patients: tuple[str, ...]
    output: Output = "patch"

    def patches(self, side_px: int) -> NDArray[np.uint8]:
        """Return the squares themselves, or their residuals, shape (n, side_px, side_px)."""
        if self.output == "residual":
            return residual_patches(self.store, self.indices, size=side_px)
        return self.store.crops(self.indices, size=side_px)


def side_of(store: PatchStore, patients: Iterable[str], output: Output = "patch") -> Side:
    """Return the patches of some patients, as a generator of such an output learns them."""
    wanted = frozenset(patients)
    chosen = [i for i, record in enumerate(store.records) if record.patient_id in wanted]
    owners = tuple(store.records[index].patient_id for index in chosen)
    return Side(store, np.array(chosen, dtype=np.int64), owners, output)


@dataclass(frozen=True, slots=True)
class Membership:
    """Whose patches a generator was trained on, and whose were there and held out.

    Attributes:
        image_size: Of the patches that were trained on, in pixels: `members.patches(image_size)`
            are those very arrays, in their order.
        share: With which probability a patient was held out.
    """

    image_size: int
    share: float
    members: Side
    held_out: Side


def member_names(folder: Path) -> tuple[str, ...] | None:
    """Return the patients that a training is trained on; None where an earlier version began it.

    Raises:
        TrainingFolderError: What was decided is damaged.
    """
    path = folder / HELD_OUT
    return _read(path).members if path.is_file() else None


def read_members(folder: Path) -> Membership:
    """Return who was trained on and who was held out: what an audit compares.

    Args:
        folder: A training's: what `genshare train-generator --out` names, or `training` in the
            folder of a train_generator job.

    Raises:
        TrainingFolderError: No training has begun there, or an earlier version began it, which
            held nobody out; or its patches are not the ones that were trained on.
        PatchStoreError: The patches cannot be read.
        CheckpointError: The training's description is damaged.
    """
    path = folder / HELD_OUT
    if not path.is_file():
        raise TrainingFolderError(
            f"{folder} has no {HELD_OUT}, which names the patients that a training holds out; "
            "train anew with this version"
        )
    decided, run = _read(path), read_run(folder)
    store = PatchStore.open(folder / decided.store)
    output = run.architecture.output
    members, held_out = (side_of(store, patients, output) for patients in decided.sides)
    size, everybody = run.architecture.image_size, {*members.patients, *held_out.patients}
    is_as_trained = sha256_of_array(members.patches(size)) == run.patches_sha256
    if not is_as_trained or everybody != {*decided.members, *decided.held_out}:
        raise TrainingFolderError(
            f"the patches in {store.folder} are not those that {folder} was trained on; they were "
            "cut anew from other mammograms"
        )
    return Membership(size, decided.share, members, held_out)


def _read(path: Path) -> HeldOutPatients:
    return read_model(HeldOutPatients, path, TrainingFolderError, as_what=" is damaged")

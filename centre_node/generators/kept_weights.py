"""Which epochs' weights a training leaves on disk, and under which names."""

import re
from pathlib import Path

from centre_node.generators.configuration import GeneratorTraining

FINAL_WEIGHTS = "weights.safetensors"
KEPT_WEIGHTS = re.compile(r"weights-epoch-(\d{4,})\.safetensors")


def kept_weights_name(epoch: int) -> str:
    """Return the file name of the weights that were kept after an epoch, counted from 1."""
    return f"weights-epoch-{epoch:04d}.safetensors"


def is_kept(epoch: int, training: GeneratorTraining) -> bool:
    """Tell whether the weights after an epoch are kept under its number.

    Those of the last epoch are not: they are the final weights, which every training leaves.
    """
    first = training.keep_weights_from_epoch
    if first is None or not first <= epoch < training.epochs:
        return False
    return (epoch - first) % training.keep_weights_every_epochs == 0


def kept_epochs(training: GeneratorTraining) -> int:
    """Count the weight files that a whole training leaves beside the final one."""
    first = training.keep_weights_from_epoch
    if first is None:
        return 0
    return len(range(first, training.epochs, training.keep_weights_every_epochs))


def weight_files(folder: Path) -> tuple[Path, ...]:
    """Return every weight file of a training's folder, by epoch; the final one is the last.

    With the paper's DCGAN these are 51: epochs 500, 550 and so on to 3000.

    Source: paper section 2.3.1 (synthetic patches are drawn from all of them).
    """
    found = {path: KEPT_WEIGHTS.fullmatch(path.name) for path in folder.iterdir()}
    epochs = {path: int(match[1]) for path, match in found.items() if match is not None}
    final = folder / FINAL_WEIGHTS
    return (*sorted(epochs, key=epochs.__getitem__), *([final] if final.exists() else []))

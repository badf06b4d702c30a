"""Which epochs' weights a training leaves on disk, and under which names."""

import re
from pathlib import Path

FINAL_WEIGHTS = "weights.safetensors"
KEPT_WEIGHTS = re.compile(r"weights-epoch-(\d{4,})\.safetensors")


def kept_weights_name(epoch: int) -> str:
    """Return the file name of the weights that were kept after an epoch, counted from 1."""
    return f"weights-epoch-{epoch:04d}.safetensors"


def weight_files(folder: Path) -> tuple[Path, ...]:
    """Return every weight file of a training's folder, by epoch; the final one is the last.

    With the paper's DCGAN these are 51: epochs 500, 550 and so on to 3000.

    Source: paper section 2.3.1 (synthetic patches are drawn from all of them).
    """
    found = {path: KEPT_WEIGHTS.fullmatch(path.name) for path in folder.iterdir()}
    epochs = {path: int(match[1]) for path, match in found.items() if match is not None}
    final = folder / FINAL_WEIGHTS
    return (*sorted(epochs, key=epochs.__getitem__), *([final] if final.exists() else []))

"""A package of generators that draw differently."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from centre_node.generators.networks import DcganGenerator, build_network
from centre_node.generators.weights import export_weights
from shared.packages import Package
from tests.packages import TINY, write_tiny_ensemble

NAMES = (
    "weights-epoch-0500.safetensors",
    "weights-epoch-0550.safetensors",
    "weights.safetensors",
)


def write_random_ensemble(
    folder: Path, *, files: int = 3, shares: Sequence[float] | None = None, **card: Any
) -> Package:
    folder.mkdir(parents=True, exist_ok=True)
    architecture = card.get("architecture", TINY)
    contents = {}
    for seed, name in enumerate(NAMES[-files:]):
        random = torch.Generator().manual_seed(seed)
        export_weights(
            build_network(DcganGenerator, architecture, random), architecture, folder / "made"
        )
        contents[name] = (folder / "made").read_bytes()
    return write_tiny_ensemble(folder, contents, shares=shares, **card)

"""Phantoms that any process of a run of tests has drawn, kept for all others of the run.

What is drawn follows from a plan alone, takes a twentieth to a tenth of a second, and the same
patients stand in many tests. `./check` names the folder; without one every phantom is drawn anew.
"""

import hashlib
import os
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
import pytest
from numpy.typing import NDArray

from centre_node.mammography.phantoms import rendering
from centre_node.mammography.phantoms.plan import ImagePlan

FOLDER = "TESTS_DRAWINGS"

draw_anew = rendering.render


def keep_drawings() -> None:
    """Have this process, and what is forked from it, draw no phantom that was drawn before."""
    folder = os.environ.get(FOLDER)
    if folder is not None:
        Path(folder).mkdir(exist_ok=True)
        pytest.MonkeyPatch().setattr(rendering, "render", partial(_kept, Path(folder)))


def _kept(folder: Path, plan: ImagePlan) -> NDArray[np.uint8]:
    name = hashlib.sha256(repr(plan).encode()).hexdigest()
    try:
        image: NDArray[np.uint8] = np.load(folder / f"{name}.npy")
    except FileNotFoundError:
        image = draw_anew(plan)
        # Processes, and threads of one, may draw the same at once: each writes a file of its own.
        with NamedTemporaryFile(dir=folder, delete=False) as unfinished:
            np.save(unfinished, image)
        Path(unfinished.name).rename(folder / f"{name}.npy")
    return image

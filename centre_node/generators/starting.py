"""Networks that a training starts from, instead of random ones.

Networks of an earlier training know its patches, and no budget of the new one counts those: so
whoever calls sees to it that they are phantoms, which are nobody's.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from centre_node.generators.checkpoints import CHECKPOINT, read_checkpoint, read_run
from centre_node.generators.errors import CheckpointError
from centre_node.generators.state import TrainingState


@dataclass(frozen=True)
class StartingNetworks:
    """Both networks of a training, as its checkpoint has them.

    Attributes:
        folder: The training's.
        sha256: Of the checkpoint, in hexadecimal.
    """

    folder: Path
    sha256: str
    generator: dict[str, Any]
    discriminator: dict[str, Any]

    def put_into(self, state: TrainingState) -> None:
        """Replace the random networks of a state before its first epoch.

        Raises:
            CheckpointError: They are of another architecture, or of a recipe with BatchNorm.
        """
        networks = [(state.generator, self.generator), (state.discriminator, self.discriminator)]
        if state.average is not None:
            networks.append((state.average.network, self.generator))
        for network, weights in networks:
            shapes = {name: tensor.shape for name, tensor in network.state_dict().items()}
            if shapes != {name: tensor.shape for name, tensor in weights.items()}:
                raise CheckpointError(
                    f"the networks in {self.folder} are not those of this training: train there "
                    "with the same architecture, and with the loss wgan-gp, whose critic has no "
                    "BatchNorm either, if this training is private"
                )
            network.load_state_dict(weights)


def read_start(folder: Path) -> StartingNetworks:
    """Read the networks of a training.

    Raises:
        CheckpointError: The folder holds no training with a checkpoint, or a damaged one.
    """
    path, run = folder / CHECKPOINT, read_run(folder)
    if not path.exists():
        raise CheckpointError(f"{folder} has no {CHECKPOINT} yet, whose networks could be taken")
    digest, saved = read_checkpoint(path)
    if digest != run.digest:
        raise CheckpointError(f"{path} belongs to another training than the folder")
    return StartingNetworks(
        folder=folder,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        generator=saved["generator"],
        discriminator=saved["discriminator"],
    )

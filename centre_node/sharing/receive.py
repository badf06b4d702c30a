"""Pulls generators and samples from them."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from centre_node.errors import GeneratorNotPulledError
from centre_node.generators.sampling import sample_patches
from shared.errors import DigestMismatchError
from shared.hub_client import HubClient
from shared.packages import Package, open_package
from shared.records import GeneratorVersion


def pull(
    hub: HubClient, centre: str, name: str, version: int | None, *, folder: Path
) -> tuple[GeneratorVersion, Package]:
    """Fetch a generator into `folder/<manifest digest>`, verified; None is the latest version.

    Raises:
        DigestMismatchError: What the hub gave is not what was asked for.
    """
    record = hub.version(centre, name, version)
    return record, hub.fetch(record, folder / record.manifest_digest)


def pulled(folder: Path, digest: str) -> Package:
    """Open a pulled package and verify it again.

    Raises:
        GeneratorNotPulledError: It was not pulled.
        PackageError: It has been changed since.
    """
    if not (folder / digest).is_dir():
        raise GeneratorNotPulledError(f"no generator with the manifest digest {digest} was pulled")
    package = open_package(folder / digest)
    if package.digest != digest:
        raise DigestMismatchError(f"the folder {digest} holds the package {package.digest}")
    return package


def synthetic_patches(
    package: Package, *, count: int, seed: int, device: torch.device
) -> NDArray[np.uint8]:
    """Return synthetic patches, shape (count, size, size), the same for the same seed."""
    return sample_patches(
        package.folder / package.card.weights[0].name,
        package.card.architecture,
        count=count,
        seed=seed,
        device=device,
    )

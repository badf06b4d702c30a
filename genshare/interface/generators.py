"""A generator that lies on this machine."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genshare.interface.arguments import Cutting, Loading, Sampling, checked
from node_api.patches import PatchConfiguration
from node_api.studies import EVERY_KIND
from shared.cards import ModelCard
from shared.counts import counted
from shared.errors import WrongArgumentError
from shared.fidelity import FidelityReport
from shared.marks import check_usable
from shared.names import LesionKind, Pathology
from shared.packages import Package, open_package
from shared.progress import shown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch.utils.data import DataLoader

    from genshare.interface.torch_data import Patch, SyntheticPatches


@dataclass(frozen=True, slots=True)
class Generator:
    """A verified generator, of an ensemble those weight files that were fetched."""

    package: Package

    @property
    def card(self) -> ModelCard:
        """What its centre says of it."""
        return self.package.card

    @property
    def digest(self) -> str:
        """The SHA-256 of its manifest, which names it."""
        return self.package.digest

    def sample(
        self, count: int, *, seed: int = 0, pathology: Pathology | None = None, threads: int = 1
    ) -> "NDArray[np.uint8]":
        """Return synthetic patches, those that `genshare sample` draws with the same seed.

        The first of more patches are those of fewer.

        Args:
            pathology: Of all patches, for a generator with classes; None draws them by turns.
            threads: Of the processor; the last digits of a result depend on it.

        Returns:
            8-bit, shape (count, side, side).

        Raises:
            RecipeRefusedError: A pathology is asked for, and the generator knows none.
            WrongArgumentError: `count` is below 1, or another value is out of its bounds.
        """
        wanted = checked(Sampling, count=count, seed=seed, pathology=pathology, threads=threads)
        import numpy as np

        from centre_node.device import computing_with, default_device
        from centre_node.sampling.drawing import follow_recipe
        from centre_node.sampling.recipes import new_recipe

        side, device = self.card.architecture.image_size, default_device()
        patches = np.empty((wanted.count, side, side), dtype=np.uint8)
        with computing_with(wanted.threads), shown() as on_progress:
            recipe = new_recipe(
                self.package,
                count=wanted.count,
                seed=wanted.seed,
                device=device,
                pathology=wanted.pathology,
            )
            follow_recipe(
                recipe,
                self.package,
                device=device,
                keep=lambda places, made: patches.__setitem__(places, made),
                on_progress=on_progress,
            )
        return patches

    def dataset(self, count: int, *, seed: int = 0) -> "SyntheticPatches":
        """Return as many patches as a torch `Dataset` of tensors of shape (1, side, side)."""
        from genshare.interface.torch_data import SyntheticPatches

        return SyntheticPatches(self.sample(count, seed=seed))

    def dataloader(
        self, count: int, *, batch_size: int = 32, seed: int = 0, shuffle: bool = False
    ) -> "DataLoader[Patch]":
        """Return batches of patches, tensors of shape (batch_size, 1, side, side)."""
        size = checked(Loading, batch_size=batch_size).batch_size
        from torch.utils.data import DataLoader

        return DataLoader(self.dataset(count, seed=seed), batch_size=size, shuffle=shuffle)


def open_generator(folder: Path | str, *, withdrawn_too: bool = False) -> Generator:
    """Open a folder that `genshare fetch` or `import-medigan` made, every digest verified.

    Args:
        withdrawn_too: Whether one that was withdrawn, as `genshare refresh` writes down, will do.

    Raises:
        PackageError: It holds no generator, or one that was changed or withdrawn.
    """
    package = open_package(Path(folder), partly=True)
    check_usable(package, withdrawn_too=withdrawn_too)
    return Generator(package)


def lesion_patches(
    folder: Path | str, side_px: int, *, kinds: Sequence[LesionKind] = EVERY_KIND, **cut: Any
) -> tuple["NDArray[np.uint8]", tuple[str, ...]]:
    """Cut the lesion patches of a folder of mammograms, as `genshare train-generator` does.

    Args:
        side_px: Of each patch, such as a generator's `card.architecture.image_size`.
        cut: Fields of `PatchConfiguration`, such as `margin_mm=4.2`.

    Returns:
        8-bit patches, shape (n, side_px, side_px), and whose each is. They are patients' pictures.

    Raises:
        WrongArgumentError: A value is out of its bounds, or `cut` has what is no such field.
        BadMammogramsError: There is no such folder, or it is none of a data set that is known.
        OneClassOnlyError: It holds no lesion of the kinds.
    """
    wanted = checked(Cutting, side_px=side_px, kinds=kinds)
    patches = checked(PatchConfiguration, **cut)
    from centre_node.mammography.datasets import read_folder
    from centre_node.mammography.patch_cutting import PatchCutting

    reading = read_folder(Path(folder), "auto", {})
    with tempfile.TemporaryDirectory() as scratch, shown() as on_progress:
        cutting = PatchCutting(patches, wanted.kinds, on_progress=on_progress)
        store = cutting.cut_into(Path(scratch), reading.mammograms, healthy=0)
        pixels = store.crops(range(len(store.records)), size=wanted.side_px)
    return pixels, tuple(record.patient_id for record in store.records)


def compare(
    generator: Generator,
    patches: "NDArray[np.uint8]",
    *,
    patients: Sequence[str] | None = None,
    seed: int = 0,
) -> FidelityReport:
    """Compare a generator's samples with your own patches, by radiomic features.

    Read each number beside that of `real_real`, two halves of your own patches: nothing can be
    expected to come closer.

    Args:
        patches: 8-bit, shape (n, side, side), of the generator's side.
        patients: Whose each patch is, so that halves share none; None takes each for another's.

    Raises:
        WrongArgumentError: The patches have another shape or type, or `patients` another length.
        GeneratorOutputError: The generator draws no patches, but what is painted on them.
    """
    from centre_node.sampling.drawing import check_draws_patches

    check_draws_patches(generator.package)
    import numpy as np

    own, side = np.asarray(patches), generator.card.architecture.image_size
    if own.dtype.name != "uint8" or own.ndim != 3 or own.shape[1:] != (side, side):
        raise WrongArgumentError(
            f"the patches are {own.dtype.name} of shape {own.shape}; they must be uint8 of shape "
            f"(n, {side}, {side}), as the generator's are"
        )
    owners = list(map(str, range(len(own)) if patients is None else patients))
    if len(owners) != len(own):
        raise WrongArgumentError(
            f"{counted(len(own), 'patch', 'patches')} and {counted(len(owners), 'patient')} of "
            "them are given"
        )
    from centre_node.device import default_device
    from centre_node.fidelity.comparison import LARGEST_SET
    from centre_node.fidelity.measuring import RADIOMICS, compare_samples
    from centre_node.fidelity.radiomics.extraction import radiomic_features

    samples = generator.sample(min(len(own), LARGEST_SET), seed=seed)
    return compare_samples(
        own,
        samples,
        features=lambda group: radiomic_features(group, default_device()),
        kind=RADIOMICS,
        patients=owners,
        seed=seed,
    ).report

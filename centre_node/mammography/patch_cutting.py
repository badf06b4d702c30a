"""Cuts the patches of some mammograms with one configuration, and tells how far it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from centre_node.mammography.extraction import extract_patches
from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.patch_store import PatchStore
from centre_node.mammography.splits import with_kinds
from node_api.patches import PatchConfiguration
from shared.names import LesionKind
from shared.progress import OnProgress, Progress


@dataclass(frozen=True)
class PatchCutting:
    """What is cut, of whatever mammograms."""

    configuration: PatchConfiguration
    kinds: tuple[LesionKind, ...]
    seed: int = 0
    on_progress: OnProgress = lambda _progress: None

    def count_lesions(self, mammograms: Sequence[Mammogram]) -> int:
        """Count the lesions that would be cut."""
        return sum(len(mammogram.lesions) for mammogram in with_kinds(mammograms, self.kinds))

    def cut_into(
        self,
        folder: Path,
        mammograms: Sequence[Mammogram],
        *,
        healthy: int,
        healthy_at_least: int | None = None,
        message: str = "cutting patches",
    ) -> PatchStore:
        """Cut every lesion and so many healthy patches into a store, as `extract_patches` does.

        Args:
            message: Shown with the progress.
        """
        return extract_patches(
            mammograms,
            folder=folder,
            configuration=self.configuration,
            lesion_kinds=self.kinds,
            healthy=healthy,
            healthy_at_least=healthy_at_least,
            seed=self.seed,
            on_progress=lambda done, total: self.on_progress(
                Progress(done=done, total=total, unit="images", message=message)
            ),
        )

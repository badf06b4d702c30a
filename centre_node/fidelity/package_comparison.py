"""Compares a package's samples with the lesion patches of a centre's own mammograms."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, model_validator

from centre_node.device import default_device
from centre_node.fidelity.collapse import SMALLEST_SET
from centre_node.fidelity.comparison import LARGEST_SET
from centre_node.fidelity.harmonised import HeldOutLook
from centre_node.fidelity.measuring import MeasuredFidelity, compare_samples
from centre_node.fidelity.own_patches import OwnCutting, OwnPatches
from centre_node.generators.errors import TooFewPatchesError
from centre_node.mammography.command_options import MammogramChoice
from centre_node.mammography.datasets import read_folder
from centre_node.mammography.mammograms import Mammogram
from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.sampling.drawing import check_draws_patches, synthetic_patches
from node_api.looks import HarmonisedBy
from node_api.patches import PatchConfiguration
from shared.models import StrictModel
from shared.packages import Package
from shared.progress import OnProgress

LARGEST_SPLIT_SEED = 2**32 - 1
"""Of scikit-learn."""


class ComparisonRequest(StrictModel):
    """What is compared, and by which features."""

    features: Literal["radiomics", "classifier", "inception"] = Field(
        "radiomics",
        description="What patches are compared by: radiomics, a classifier that is trained on your "
        "own patches, or the network Inception v3.",
    )
    inception_weights: Path | None = Field(
        None,
        description="With --features inception: torchvision's file of weights; nothing is "
        "downloaded.",
    )
    other: Path | None = Field(
        None,
        description="The folder of another centre's data set that you may see, for a row to "
        "compare with.",
    )
    harmonised_by: HarmonisedBy | None = Field(
        None,
        description="Give the samples, and --other, the look of your own lesions before they are "
        "compared: greys, or beside them how strong fine and coarse structure is. The look is "
        "fitted to one half of your patients, and patches of the other half are compared.",
    )
    count: int | None = Field(
        None,
        ge=2,
        le=LARGEST_SET,
        description="How many patches the generator draws; by default as many as there are real "
        "ones.",
    )
    seed: int = Field(
        0, ge=0, le=LARGEST_SPLIT_SEED, description="The same number gives the same report."
    )

    @model_validator(mode="after")
    def _weights_of_inception(self) -> Self:
        if (self.features == "inception") != (self.inception_weights is not None):
            raise ValueError("--features inception and --inception-weights FILE go together")
        return self


@dataclass(frozen=True)
class PackageComparison:
    """Everything that one comparison needs."""

    package: Package
    mammograms: MammogramChoice
    patches: PatchConfiguration
    wanted: ComparisonRequest

    def measured(self, on_progress: OnProgress) -> MeasuredFidelity:
        """Cut the real patches, draw the synthetic ones and compare.

        Raises:
            TooFewPatchesError: Too few real lesion patches for two halves.
            OneClassOnlyError: There is no lesion of the kinds.
            GeneratorOutputError: The package draws no patches.
        """
        check_draws_patches(self.package)
        wanted, device = self.wanted, default_device()
        own, elsewhere = self._real(device, on_progress)
        look = self._look(own)
        if look is not None:
            own = own.some(look.compared)
        self._check_enough(own, elsewhere)
        count = wanted.count or min(len(own.patches), LARGEST_SET)
        samples = synthetic_patches(self.package, count=count, seed=wanted.seed, device=device)
        if look is not None:
            samples = look.given_to(samples)
            elsewhere = None if elsewhere is None else look.given_to(elsewhere)
        measured = compare_samples(
            own.patches,
            samples,
            features=own.features,
            kind=own.kind,
            patients=own.patients,
            seed=wanted.seed,
            other_centre=elsewhere,
        )
        return measured if look is None else replace(measured, report=look.told_in(measured.report))

    def _real(
        self, device: torch.device, on_progress: OnProgress
    ) -> tuple[OwnPatches, NDArray[np.uint8] | None]:
        """Cut the own lesions, and those of another centre if there is one."""
        wanted = self.wanted
        mammograms = self.mammograms.read().mammograms
        others = None if wanted.other is None else read_folder(wanted.other, "auto", {}).mammograms
        with tempfile.TemporaryDirectory() as scratch:
            patches = PatchCutting(self.patches, self.mammograms.kinds, wanted.seed, on_progress)
            size = self.package.card.architecture.image_size
            cutting = OwnCutting(patches, Path(scratch), size, device)
            own = self._own(cutting, mammograms)
            return own, None if others is None else cutting.lesions_elsewhere(others)

    def _own(self, cutting: OwnCutting, mammograms: Sequence[Mammogram]) -> OwnPatches:
        if self.wanted.features == "classifier":
            return cutting.by_a_classifier(mammograms)
        return cutting.by_themselves(mammograms, self.wanted.inception_weights)

    def _look(self, own: OwnPatches) -> HeldOutLook | None:
        if (by := self.wanted.harmonised_by) is None:
            return None
        return HeldOutLook.of(own.patches, own.patients, by, seed=self.wanted.seed)

    def _check_enough(self, own: OwnPatches, elsewhere: NDArray[np.uint8] | None) -> None:
        if len(own.patches) < 2 * SMALLEST_SET:
            beside = " beside those that the look is fitted to" if self.wanted.harmonised_by else ""
            raise TooFewPatchesError(
                f"there are {len(own.patches)} real lesion patches to compare with{beside}, and "
                f"two halves of {SMALLEST_SET} are needed"
            )
        if elsewhere is not None and len(elsewhere) < SMALLEST_SET:
            raise TooFewPatchesError(
                f"--other {self.wanted.other} has {len(elsewhere)} real lesion patches, and "
                f"{SMALLEST_SET} are needed: as many of each source are compared"
            )

"""How a person who has the weights would tell members from others: a score for each patch.

A patch that a generator knows is near to its samples; but so is any patch that is easy to draw.
Calibrated attacks therefore compare the distance to samples with the distance to reference
patches. Here the reference of a patch is every candidate of another patient, member or held out
alike: nobody is spent on it, and if the generator told nothing, exchanging a member with another
patient would change no score's distribution.

Deviation: Chen et al. 2020 calibrate by a second generator, van Breugel et al. 2023 by patches
that are no candidates; with some hundred patients there are too few for either.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from centre_node.privacy.candidates import Candidates
from centre_node.privacy.densities import log_densities, mass_in_ball
from centre_node.privacy.distances import Groups, Rows, nearest
from centre_node.privacy.spaces import Embed, Features, Patches, principal_components, standardised
from node_api.audits import AttackName

Space = Literal["pixels", "principal components", "classifier features", "density", "ball"]
SPACES: tuple[Space, ...] = (
    "pixels",
    "principal components",
    "classifier features",
    "density",
    "ball",
)

COMPONENTS, DENSITY_COMPONENTS = 64, 16
CLOSEST = 1e-6
"""Distances count as no smaller where their logarithm is taken."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What attacks make of the candidates.

    Attributes:
        by_attack: Higher is more like a member, shape (n,) each.
        nearest: The sample that is nearest to each candidate, shape (n,); in pixels only.
    """

    by_attack: Mapping[AttackName, NDArray[np.float64]]
    nearest: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class SampleAttacks:
    """Attacks that look at samples.

    Attributes:
        samples: 8-bit, shape (m, side, side), m at least 2.
        classifier: Gives features of patches; fitted to no candidate.
    """

    candidates: Candidates
    samples: Patches
    classifier: Features
    device: torch.device

    def scores(self, space: Space) -> Scores:
        """Return the scores of the attacks of one kind."""
        match space:
            case "pixels":
                return self._by_pixels()
            case "principal components":
                embed = principal_components(self.samples, COMPONENTS, whitened=False)
                return self._by_rows(
                    embed,
                    "nearest sample, principal components",
                    "calibrated nearest sample, principal components",
                )
            case "classifier features":
                return self._by_rows(
                    standardised(self.classifier, self.samples),
                    "nearest sample, classifier features",
                    "calibrated nearest sample, classifier features",
                )
            case "density":
                return self._by_density()
            case "ball":
                return self._by_ball()

    def _by_pixels(self) -> Scores:
        rows = self.candidates.rows
        drawn = self.samples.reshape(len(self.samples), -1)
        found = nearest(rows, drawn, self.device)
        plain, calibrated = self._both(found.distance, rows)
        return Scores(
            {
                "nearest sample, pixels": plain,
                "calibrated nearest sample, pixels": calibrated,
            },
            found.index,
        )

    def _by_rows(self, embed: Embed, name: AttackName, calibrated_name: AttackName) -> Scores:
        rows = embed(self.candidates.pixels)
        found = nearest(rows, embed(self.samples), self.device)
        plain, calibrated = self._both(found.distance, rows)
        return Scores({name: plain, calibrated_name: calibrated})

    def _both(
        self, distance: NDArray[np.float64], rows: Rows
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        reference = nearest(rows, rows, self.device, groups=self._groups).distance
        return -distance, calibrated(distance, reference)

    def _by_density(self) -> Scores:
        embed = principal_components(self.samples, DENSITY_COMPONENTS, whitened=True)
        rows = embed(self.candidates.pixels)
        of_samples = log_densities(rows, embed(self.samples), self.device)
        of_others = log_densities(rows, rows, self.device, groups=self._groups)
        return Scores({"density ratio": of_samples - of_others})

    def _by_ball(self) -> Scores:
        embed = principal_components(self.samples, COMPONENTS, whitened=False)
        rows, drawn = embed(self.candidates.pixels), embed(self.samples)
        radius = float(np.median(nearest(rows, drawn, self.device).distance))
        mass = mass_in_ball(rows, drawn, max(radius, CLOSEST), self.device)
        return Scores({"ball of samples": mass})

    @property
    def _groups(self) -> Groups:
        return Groups(self.candidates.patients, self.candidates.patients)


def calibrated(
    distance: NDArray[np.float64], reference: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how many times nearer a patch is to samples than to other patients, as a logarithm."""
    nearer: NDArray[np.float64] = np.log(np.maximum(reference, CLOSEST))
    return nearer - np.log(np.maximum(distance, CLOSEST))


def other_patients_distance(candidates: Candidates, device: torch.device) -> NDArray[np.float64]:
    """Return each candidate's distance to the nearest one of another patient, in pixels."""
    groups = Groups(candidates.patients, candidates.patients)
    return nearest(candidates.rows, candidates.rows, device, groups=groups).distance

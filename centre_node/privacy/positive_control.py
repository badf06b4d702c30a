"""A leak that is put there, to see whether the audit finds it."""

from dataclasses import replace

import numpy as np

from centre_node.privacy.attacks import SPACES, SampleAttacks
from centre_node.privacy.candidates import Candidates
from centre_node.privacy.figures import scored_of
from centre_node.privacy.spaces import Patches
from centre_node.privacy.telling_apart import tell_apart
from node_api.audits import PositiveControl

PLANTED, COPIES = 10, 20
"""Patients of whom one patch each is planted, and how often."""

NOISE = 4.0
"""Standard deviation in grey levels: no copy is the patch itself."""

MOST_SAMPLES = 5000


def run_positive_control(attacks: SampleAttacks, random: np.random.Generator) -> PositiveControl:
    """Plant some members among the first 5000 samples and attack anew.

    Those members alone are told from the held-out patients.
    """
    chosen = _chosen(attacks.candidates, random)
    drawn = attacks.samples[:MOST_SAMPLES]
    copies = _copies(attacks.candidates.pixels[chosen], random)
    planted = replace(attacks, samples=np.concatenate([copies, drawn]))
    who = np.concatenate([chosen, np.flatnonzero(~attacks.candidates.is_member)])
    found = [
        (name, tell_apart(scored_of(attacks.candidates, scores[who], who), random))
        for space in SPACES
        for name, scores in planted.scores(space).by_attack.items()
    ]
    name, told = max(found, key=lambda item: (item[1].auroc, item[1].lower))
    return PositiveControl(
        planted=len(chosen),
        copies=COPIES,
        attack=name,
        auroc=told.auroc,
        found=told.lower > 0.5,
    )


def _chosen(candidates: Candidates, random: np.random.Generator) -> np.ndarray:
    """Return one patch each of some members."""
    patients = np.unique(candidates.patients[candidates.is_member])
    some = random.permutation(patients)[:PLANTED]
    return np.sort([int(np.flatnonzero(candidates.patients == patient)[0]) for patient in some])


def _copies(patches: Patches, random: np.random.Generator) -> Patches:
    repeated = np.repeat(patches, COPIES, axis=0).astype(np.float64)
    noisy = repeated + random.normal(0, NOISE, repeated.shape)
    return noisy.round().clip(0, 255).astype(np.uint8)

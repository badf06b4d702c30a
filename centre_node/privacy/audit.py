"""An audit from its beginning to its end: attacks, copies, epsilon, picture, report."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from centre_node.generators.sampling import sample_ensemble
from centre_node.privacy.attacks import (
    SPACES,
    SampleAttacks,
    Scores,
    Space,
    calibrated,
    other_patients_distance,
)
from centre_node.privacy.candidates import Candidates
from centre_node.privacy.copies import find_copies
from centre_node.privacy.distances import Groups, nearest
from centre_node.privacy.epsilon import epsilon_bound
from centre_node.privacy.figures import attack_figures, scored_of
from centre_node.privacy.inversion import reconstruct
from centre_node.privacy.parts import Arrays, Parts, digest_of
from centre_node.privacy.pictures import Exposed, exposed_patches
from centre_node.privacy.positive_control import run_positive_control
from centre_node.privacy.spaces import Features, Patches
from centre_node.sampling.patch_files import array_file
from node_api.audits import (
    AttackFigures,
    AttackName,
    Audited,
    AuditedWeights,
    AuditReport,
    AuditSettings,
    EpsilonBound,
    PositiveControl,
)
from shared.architectures import Architecture
from shared.counts import counted
from shared.packages import sha256_of
from shared.progress import OnProgress, Progress
from shared.version import genshare_version

FEWEST_PATIENTS = 10
"""On each side; of fewer no bound can be told."""

INVERTED = 128
"""Patches of each side that are searched for, drawn at random; the most exposed ones besides."""

PICTURED = 8

METHOD = "2"
"""Of the attacks; parts that another method made are not used."""

FIGURES, COPIES, CHOSEN, CONTROL = range(4)

GUESSED_BY: AttackName = "calibrated nearest sample, pixels"
"""By which attack coins are guessed for epsilon: the strongest on planted leaks, named before."""


@dataclass(frozen=True)
class AuditedGenerator:
    """Weights that are about to leave.

    Attributes:
        files: One, or those of an ensemble.
        shares: In which patches are drawn from the files; None is evenly.
        discriminator_scores: Of all candidates, higher for what it takes for real, shape (n,);
            None where there is no discriminator any more.
    """

    files: Sequence[Path]
    architecture: Architecture
    shares: Sequence[float] | None = None
    discriminator_scores: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class FinishedAudit:
    """A report, and a picture (PNG) that shows real patches; None where nothing was attacked."""

    report: AuditReport
    picture: bytes | None


@dataclass(frozen=True)
class Audit:
    """One audit.

    Attributes:
        held_out_share: The probability with which each patient was held out by a coin; None
            where there was no such coin, and epsilon is not bounded.
        classifier: Makes an extractor of features that was fitted to no candidate.
        folder: Where finished parts are kept.
    """

    generator: AuditedGenerator
    candidates: Candidates
    settings: AuditSettings
    held_out_share: float | None
    classifier: Callable[[], Features]
    folder: Path
    device: torch.device
    on_progress: OnProgress
    started: float = field(default_factory=time.monotonic)

    def run(self) -> FinishedAudit:
        """Do what is not done yet, and judge."""
        too_few = _too_few(self.candidates)
        if too_few is not None:
            return FinishedAudit(self._report(too_few=too_few), None)
        scores = {space: self._scores(space) for space in SPACES}
        found = self._reconstructions(scores["pixels"])
        attacks = tuple(self._attacks(scores, found))
        self._tell("looking for copies", "copies")
        copies = find_copies(self.candidates, self._samples, self._random(COPIES), self.device)
        report = self._report(
            attacks=attacks,
            copies=copies,
            epsilon=self._epsilon(scores["pixels"]),
            positive_control=self._positive_control(),
            internal_auroc=self._internal(),
        )
        return FinishedAudit(report, self._picture(scores["pixels"], found))

    @cached_property
    def _parts(self) -> Parts:
        candidates, generator = self.candidates, self.generator
        digest = digest_of(
            METHOD,
            genshare_version(),
            *self._weight_digests,
            repr(None if generator.shares is None else list(generator.shares)),
            generator.architecture.model_dump_json(),
            candidates.pixels,
            candidates.patients,
            candidates.is_member,
            f"{self.settings.samples} {self.settings.seed}",
        )
        folder = self.folder / digest
        folder.mkdir(parents=True, exist_ok=True)
        return Parts(folder)

    @cached_property
    def _weight_digests(self) -> tuple[str, ...]:
        return tuple(sha256_of(path) for path in self.generator.files)

    @cached_property
    def _samples(self) -> Patches:
        """Mapped from a file, which takes no memory for good; drawn if they are not there."""
        path = self._parts.folder / "samples.npy"
        if not path.exists():
            self._draw(path)
        mapped: Patches = np.load(path, mmap_mode="c", allow_pickle=False)
        return mapped

    def _draw(self, path: Path) -> None:
        done, count = 0, self.settings.samples
        generator = self.generator
        with array_file(path, count=count, side=generator.architecture.image_size) as keep:

            def keep_and_tell(places: NDArray[np.int64], patches: Patches) -> None:
                nonlocal done
                keep(places, patches)
                done += len(places)
                self.on_progress(
                    Progress(done=done, total=count, unit="samples", message="sampling")
                )

            sample_ensemble(
                generator.files,
                generator.architecture,
                shares=generator.shares,
                count=count,
                seed=self.settings.seed,
                device=self.device,
                keep=keep_and_tell,
            )

    @cached_property
    def _sample_attacks(self) -> SampleAttacks:
        return SampleAttacks(self.candidates, self._samples, _Late(self.classifier), self.device)

    def _scores(self, space: Space) -> Scores:
        """Return the scores of attacks of one kind; they are kept."""

        def make() -> Arrays:
            self._tell(f"attacking by {space}", space)
            made = self._sample_attacks.scores(space)
            arrays: Arrays = dict(made.by_attack.items())
            return arrays if made.nearest is None else {**arrays, "nearest": made.nearest}

        arrays = dict(self._parts.kept(space.replace(" ", "-"), make))
        index = arrays.pop("nearest", None)
        by_attack: dict[Any, NDArray[np.float64]] = arrays
        return Scores(by_attack, index)

    def _reconstructions(self, pixels: Scores) -> Arrays:
        """Return `who` was searched for, first at random, then the most exposed ones."""
        at_random = self._at_random()
        exposed = np.concatenate(self._most_exposed(pixels))
        who = np.concatenate([at_random, exposed])

        def make() -> Arrays:
            def tell(done: int, total: int) -> None:
                message = "inverting the generator"
                self.on_progress(Progress(done=done, total=total, unit="searches", message=message))

            found = reconstruct(
                self.candidates.pixels[who],
                self.generator.files,
                self.generator.architecture,
                seed=self.settings.seed,
                device=self.device,
                on_count=tell,
            )
            return {"who": who, "distance": found.distance, "patches": found.patches}

        return {**self._parts.kept("inversion", make), "at_random": np.array(len(at_random))}

    def _at_random(self) -> NDArray[np.int64]:
        random = self._random(CHOSEN)
        sides = (self.candidates.is_member, ~self.candidates.is_member)
        drawn = [random.permutation(np.flatnonzero(side))[:INVERTED] for side in sides]
        return np.sort(np.concatenate(drawn))

    def _most_exposed(self, pixels: Scores) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the most exposed members, and held-out ones, one patch of a patient each."""
        order = np.argsort(-pixels.by_attack[GUESSED_BY], kind="stable")
        _, first = np.unique(self.candidates.patients[order], return_index=True)
        chosen = order[np.sort(first)]
        is_member = self.candidates.is_member[chosen]
        return chosen[is_member][:PICTURED], chosen[~is_member][:PICTURED]

    def _attacks(self, scores: Mapping[Space, Scores], found: Arrays) -> Iterator[AttackFigures]:
        random = self._random(FIGURES)
        for of_space in scores.values():
            for name, by_patch in of_space.by_attack.items():
                self._tell(f"judging {name}", "attacks")
                yield from attack_figures(name, scored_of(self.candidates, by_patch), random)
        count = int(found["at_random"])
        who, distance = found["who"][:count], found["distance"][:count]
        reference = other_patients_distance(self.candidates, self.device)[who]
        by_inversion: Mapping[AttackName, NDArray[np.float64]] = {
            "inversion": -distance,
            "calibrated inversion": calibrated(distance, reference),
        }
        for name, by_patch in by_inversion.items():
            self._tell(f"judging {name}", "attacks")
            yield from attack_figures(name, scored_of(self.candidates, by_patch, who), random)

    def _epsilon(self, pixels: Scores) -> EpsilonBound | None:
        if self.held_out_share is None or not 0 < self.held_out_share < 1:
            return None
        scored = scored_of(self.candidates, pixels.by_attack[GUESSED_BY])
        return epsilon_bound(scored.by_patient(), self.held_out_share)

    def _positive_control(self) -> PositiveControl | None:
        if not self.settings.positive_control:
            return None
        self._tell("planting members among the samples", "positive control")
        return run_positive_control(self._sample_attacks, self._random(CONTROL))

    def _internal(self) -> float | None:
        scores = self.generator.discriminator_scores
        if scores is None:
            return None
        contest = scored_of(self.candidates, scores).contest
        members = contest.is_member.astype(np.float64)[None]
        return float(contest.auroc(members, 1 - members)[0])

    def _report(self, **found: Any) -> AuditReport:
        candidates, architecture = self.candidates, self.generator.architecture
        tensors = architecture.generator_tensors().values()
        return AuditReport(
            weights=tuple(
                AuditedWeights(name=path.name, sha256=digest)
                for path, digest in zip(self.generator.files, self._weight_digests, strict=True)
            ),
            members=_counted(candidates, candidates.is_member),
            held_out=_counted(candidates, ~candidates.is_member),
            image_size=architecture.image_size,
            parameters=sum(math.prod(tensor.shape) for tensor in tensors),
            samples=self.settings.samples,
            seed=self.settings.seed,
            **{"attacks": (), "copies": None, "epsilon": None, **found},
            seconds=time.monotonic() - self.started,
            made_at=datetime.now(UTC),
            genshare_version=genshare_version(),
        )

    def _picture(self, pixels: Scores, found: Arrays) -> bytes:
        assert pixels.nearest is not None, "attacks in pixels find it"
        members, held_out = self._most_exposed(pixels)
        exposed = np.concatenate([members, held_out])
        rebuilt = found["patches"][int(found["at_random"]) :]
        rows, others = self.candidates.rows, np.flatnonzero(~self.candidates.is_member)
        patients = self.candidates.patients
        near = nearest(
            rows[exposed],
            rows[others],
            self.device,
            groups=Groups(patients[exposed], patients[others]),
        )
        samples = self._samples[pixels.nearest[exposed]]
        shown = [
            _exposed(*patches)
            for patches in zip(
                self.candidates.pixels[exposed],
                samples,
                rebuilt,
                self.candidates.pixels[others[near.index]],
                strict=True,
            )
        ]
        return exposed_patches(shown[: len(members)], shown[len(members) :])

    def _random(self, stream: int) -> np.random.Generator:
        return np.random.default_rng([self.settings.seed, stream])

    def _tell(self, message: str, part: str) -> None:
        done = _ORDER.index(part)
        self.on_progress(Progress(done=done, total=len(_ORDER), unit="parts", message=message))


_ORDER = (*SPACES, "attacks", "copies", "positive control")


class _Late:
    """Features that are made when they are first asked for."""

    def __init__(self, make: Callable[[], Features]) -> None:
        self._make = make
        self._features: Features | None = None

    def __call__(self, patches: Patches) -> NDArray[np.float64]:
        if self._features is None:
            self._features = self._make()
        return self._features(patches)


def _too_few(candidates: Candidates) -> str | None:
    for one, many, patients in (
        ("was trained on", "were trained on", candidates.member_patients),
        ("is held out", "are held out", candidates.held_out_patients),
    ):
        if patients < FEWEST_PATIENTS:
            return (
                f"{counted(patients, f'patient {one}', f'patients {many}')}; an audit needs "
                f"{FEWEST_PATIENTS} on each side to tell anything"
            )
    return None


def _counted(candidates: Candidates, side: NDArray[np.bool_]) -> Audited:
    return Audited(patients=len(np.unique(candidates.patients[side])), patches=int(side.sum()))


def _exposed(
    patch: NDArray[np.uint8],
    sample: NDArray[np.uint8],
    rebuilt: NDArray[np.uint8],
    held_out: NDArray[np.uint8],
) -> Exposed:
    apart = [
        float(np.linalg.norm(patch.astype(np.float64) - other) / 255)
        for other in (sample, rebuilt, held_out)
    ]
    return Exposed(patch, sample, rebuilt, held_out, (apart[0], apart[1], apart[2]))

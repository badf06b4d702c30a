"""How well scores tell some patients from others, and how sure that is.

All is counted by patients: the patches of one are alike, and a bound that took them for
independent would be too small.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

Numbers = NDArray[np.float64]

RESAMPLES = 1000
EXCHANGES = 500
CONTROL_SPLITS = 100
CONFIDENCE, POWER = 0.95, 0.80


@dataclass(frozen=True)
class Scored:
    """Scores of patches, higher for what looks more like a member.

    Attributes:
        scores: Shape (n,), finite.
        patients: Whose each patch is, shape (n,).
        is_member: Shape (n,).
    """

    scores: Numbers
    patients: NDArray[np.int64]
    is_member: NDArray[np.bool_]

    def by_patient(self) -> "Scored":
        """Return one score for each patient: the highest of the patches."""
        patients, place = np.unique(self.patients, return_inverse=True)
        highest = np.full(len(patients), -np.inf)
        np.maximum.at(highest, place, self.scores)
        is_member = np.zeros(len(patients), dtype=np.bool_)
        is_member[place] = self.is_member
        return Scored(highest, patients, is_member)

    @cached_property
    def contest(self) -> "Contest":
        """Who scores above whom."""
        return _contest(self)


@dataclass(frozen=True, slots=True)
class Contest:
    """How often patches of one patient score above those of another.

    Attributes:
        wins: Pairs of patches that the patient of the row wins against that of the column, a draw
            as half, shape (p, p).
        sizes: Patches of each patient, shape (p,).
        is_member: Shape (p,).
    """

    wins: Numbers
    sizes: Numbers
    is_member: NDArray[np.bool_]

    def auroc(self, of: Numbers, against: Numbers) -> Numbers:
        """Return the AUROC of weighted patients against others, shape (k,).

        Args:
            of: How often each patient counts, shape (k, p).
            against: The same of the other side.
        """
        won = ((of @ self.wins) * against).sum(axis=1)
        aurocs: Numbers = won / ((of @ self.sizes) * (against @ self.sizes))
        return aurocs


def _contest(scored: Scored) -> Contest:
    order = np.argsort(scored.patients, kind="stable")
    scores, patients = scored.scores[order], scored.patients[order]
    starts = np.flatnonzero(np.r_[True, patients[1:] != patients[:-1]])
    ends = np.r_[starts[1:], len(scores)]
    wins = np.empty((len(starts), len(starts)))
    for row, (start, end) in enumerate(zip(starts, ends, strict=True)):
        mine = scores[start:end, None]
        won = (mine > scores).sum(axis=0) + 0.5 * (mine == scores).sum(axis=0)
        wins[row] = np.add.reduceat(won, starts)
    return Contest(wins, (ends - starts).astype(np.float64), scored.is_member[order][starts])


@dataclass(frozen=True, slots=True)
class Told:
    """How well members are told from others.

    Attributes:
        auroc: Of all patches.
        lower: One-sided bound of 95 %.
        upper: The same on the other side.
        p: Of so large an AUROC if who is a member were exchanged between patients.
        control: AUROC between two random halves of the members' patients, mean over splits.
        control_upper: What one split in twenty passes.
        smallest_visible: The AUROC that is found with 80 % power.
    """

    auroc: float
    lower: float
    upper: float
    p: float
    control: float
    control_upper: float
    smallest_visible: float


def tell_apart(scored: Scored, random: np.random.Generator) -> Told:
    """Judge scores of at least two patients on each side.

    The bounds are percentiles of a bootstrap of patients on both sides, widened for few patients.

    Source: Hesterberg 2015 (The American Statistician 69, 371), section 5.2, for the widening.
    """
    contest = scored.contest
    members = contest.is_member.astype(np.float64)[None]
    auroc = contest.auroc(members, 1 - members)[0]
    drawn = _resampled(contest, random)
    level = _widened(contest.is_member)
    exchanged = contest.auroc(*_exchanged(contest.is_member, random))
    control = contest.auroc(*_halved(contest.is_member, random))
    visible = 0.5 + (norm.ppf(CONFIDENCE) + norm.ppf(POWER)) * exchanged.std()
    return Told(
        auroc=float(auroc),
        lower=float(min(auroc, np.quantile(drawn, 1 - level))),
        upper=float(max(auroc, np.quantile(drawn, level))),
        p=float((1 + (exchanged >= auroc - 1e-12).sum()) / (1 + EXCHANGES)),
        control=float(control.mean()),
        control_upper=float(np.quantile(control, CONFIDENCE)),
        smallest_visible=float(min(1.0, visible)),
    )


def _widened(is_member: NDArray[np.bool_]) -> float:
    """Return the percentile that stands for 95 % with so few patients on the smaller side."""
    fewest = min(is_member.sum(), (~is_member).sum())
    level: float = norm.cdf(np.sqrt(fewest / (fewest - 1)) * t.ppf(CONFIDENCE, fewest - 1))
    return level


def resampled_counts(count: int, random: np.random.Generator) -> Numbers:
    """Return how often each of `count` patients is drawn in each resample, (RESAMPLES, count)."""
    return random.multinomial(count, np.full(count, 1 / count), size=RESAMPLES).astype(np.float64)


def _resampled(contest: Contest, random: np.random.Generator) -> Numbers:
    """Return the AUROC of each resample of the patients on both sides, shape (RESAMPLES,)."""
    members = np.flatnonzero(contest.is_member)
    others = np.flatnonzero(~contest.is_member)
    of, against = (resampled_counts(len(side), random) for side in (members, others))
    won = ((of @ contest.wins[np.ix_(members, others)]) * against).sum(axis=1)
    aurocs: Numbers = won / ((of @ contest.sizes[members]) * (against @ contest.sizes[others]))
    return aurocs


def _exchanged(
    is_member: NDArray[np.bool_], random: np.random.Generator
) -> tuple[Numbers, Numbers]:
    """Return who is a member, were it by chance; as many patients as really are."""
    rows = np.tile(is_member.astype(np.float64), (EXCHANGES, 1))
    members = random.permuted(rows, axis=1)
    return members, 1 - members


def _halved(is_member: NDArray[np.bool_], random: np.random.Generator) -> tuple[Numbers, Numbers]:
    members = np.flatnonzero(is_member)
    half = np.zeros((CONTROL_SPLITS, len(is_member)))
    first = np.tile(np.arange(len(members)) < len(members) // 2, (CONTROL_SPLITS, 1))
    half[:, members] = random.permuted(first, axis=1)
    other = is_member.astype(np.float64)[None] - half
    return half, other


def widened_level(scored: Scored) -> float:
    """Return the percentile of resamples that is a one-sided bound of 95 %."""
    return _widened(scored.contest.is_member)

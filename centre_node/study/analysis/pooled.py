"""What several splits of the same patients show together.

One split tests on a part of the patients, and a small part shows large differences only. Several
splits test on nearly all of them, and their mean hangs less on who trains and who tests.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from centre_node.classifiers.metrics import most_of_each
from centre_node.study.analysis.differences import Comparison, differences
from centre_node.study.analysis.predictions import ColumnRuns, TestPatches
from centre_node.study.analysis.resampled_metrics import measured
from centre_node.study.analysis.resampling import Bootstrap, drawn_patients, interval_of
from centre_node.study.analysis.verdicts import judged
from node_api.findings import ArmFacts, Difference

BEST_CONTROLS = "best control of each"


@dataclass(frozen=True)
class SplitRuns:
    """A study's column with its own split; patients are called the same in every split."""

    arms: tuple[ArmFacts, ...]
    test: TestPatches
    column: ColumnRuns


def pooled_differences(
    splits: Sequence[SplitRuns], *, resamples: int, seed: int = 0
) -> tuple[Difference, ...]:
    """Return the mean over splits of each difference, with verdicts as for one study.

    A resample draws patients from all of them, and each split then has those of its test patients
    that were drawn, so that a patient who is tested in several splits counts as one. Seeds are
    drawn for each split by itself, since no run is in two. The splits are taken as they are: the
    intervals speak of other patients to test on and other seeds, not of other training patients.

    Args:
        splits: With the same arms; only comparisons that are defined in all are returned.
    """
    bootstraps = _shared_draws([split.test for split in splits], resamples=resamples, seed=seed)
    found: dict[tuple[str, bool, str], list[Comparison]] = defaultdict(list)
    for split, bootstrap in zip(splits, bootstraps, strict=True):
        column = measured(split.column, split.test, bootstrap)
        for one in differences(split.arms, split.test, column):
            told = one.difference
            if told.difference is not None:
                found[told.arm, told.against_role == "baseline", told.metric].append(one)
    return judged([_mean(each) for each in found.values() if len(each) == len(splits)])


def _shared_draws(
    tests: Sequence[TestPatches], *, resamples: int, seed: int
) -> tuple[Bootstrap, ...]:
    """Draw patients once for all splits, and tell each split its own."""
    owners = np.concatenate([test.patients for test in tests])
    patients, owner_of = np.unique(owners, return_inverse=True)
    has_lesion = most_of_each(owner_of, np.concatenate([test.labels for test in tests]))
    drawn = drawn_patients(has_lesion, resamples=resamples, seed=seed)
    return tuple(_of_split(test, patients, drawn, seed + place) for place, test in enumerate(tests))


def _of_split(
    test: TestPatches,
    patients: NDArray[np.str_] | NDArray[np.int64],
    drawn: NDArray[np.uint16],
    seed: int,
) -> Bootstrap:
    own, patient_of = np.unique(test.patients, return_inverse=True)
    return Bootstrap(patient_of, drawn[np.searchsorted(patients, own)], seed)


def _mean(each: Sequence[Comparison]) -> Comparison:
    """Return the mean over splits; its p values of seeds alone and DeLong's are of one split."""
    resampled = np.mean([one.resampled for one in each], axis=0)
    told = [one.difference for one in each]
    against = {one.against for one in told}
    update = {
        "against": told[0].against if len(against) == 1 else BEST_CONTROLS,
        "seeds": min(one.seeds for one in told),
        "difference": float(np.mean([one.difference for one in told])),
        "interval": interval_of(resampled),
        "p_seeds": None,
        "p_delong": None,
    }
    return Comparison(told[0].model_copy(update=update), resampled)

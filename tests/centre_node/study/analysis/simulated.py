"""Studies whose truth is known: scores are normal, and an arm shifts those of lesions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from centre_node.classifiers.metrics import classification_metrics
from centre_node.study.analysis import predictions
from centre_node.study.analysis.predictions import Labels, Matrix, Predictions, Vector
from centre_node.study.analysis.rankings import Ranking
from node_api.findings import ArmFacts
from node_api.rows import RunRow

PATIENT, PATCH, SEED, NOISE = 0.6, 0.5, 0.2, 0.7
"""Standard deviations of what makes a score: the patient, the patch, the seed, the run."""

BASELINE = ArmFacts(name="none", role="baseline")
CONTROL = ArmFacts(name="control", role="matched control", lesions_added=100)
SYNTHETIC = ArmFacts(name="B", role="synthetic", donors=("b",), lesions_added=100)
REAL = ArmFacts(name="real B", role="real donor", donors=("b",), lesions_added=100)


@dataclass(frozen=True)
class Population:
    """Test patches of patients that have lesions or none, or both, and what they have in common."""

    test: predictions.TestPatches
    easiness: Vector

    @classmethod
    def of(
        cls, patients: int, random: np.random.Generator, patches: int, *, both: bool = False
    ) -> "Population":
        owners = np.repeat(np.arange(patients), patches)
        labels = ((np.arange(len(owners)) if both else owners) % 2).astype(np.int64)
        easiness = random.normal(0, PATIENT, patients)[owners]
        easiness = easiness + random.normal(0, PATCH, len(owners))
        return cls(predictions.TestPatches(labels, owners), easiness)

    def bias(self, of_patch: float, of_patient: float, random: np.random.Generator) -> Vector:
        """Draw what an arm makes of these patches, and of these patients' either class."""
        found: Vector = random.normal(0, of_patch, len(self.easiness))
        if of_patient:
            owners = self.test.patients.astype(np.int64)
            eases, lesions = random.normal(0, of_patient, (2, owners.max() + 1))
            found += eases[owners] + lesions[owners] * (2 * self.test.labels - 1)
        return found

    def log_odds(self, shift: float, random: np.random.Generator) -> Vector:
        """Predict as one more seed does."""
        of_run = shift + random.normal(0, SEED)
        noise: Vector = random.normal(0, NOISE, len(self.easiness))
        return of_run * self.test.labels - shift / 2 + self.easiness + noise


def true_auroc(shift: float) -> float:
    """Return the AUROC over all patients and seeds that there could be."""
    variance = 2 * (PATIENT**2 + PATCH**2 + NOISE**2) + SEED**2
    return float(norm.cdf(shift / np.sqrt(variance)))


def row(test: predictions.TestPatches, log_odds: Vector, arm: str, seed: int) -> RunRow:
    metrics = classification_metrics(
        test.labels, log_odds, patients=test.patients, threshold=0.5, temperature=1.5
    )
    return RunRow(
        classifier="cnn",
        arm=arm,
        train_fraction=1.0,
        lesions="all",
        seed=seed,
        n_train_real=10,
        n_train_synthetic=0,
        **metrics.model_dump(),
    )


def quick_row(test: predictions.TestPatches, log_odds: Vector, arm: str, seed: int) -> RunRow:
    """Return a row with nothing but the two metrics that arms are compared by."""
    ranking = Ranking.of(test.labels, log_odds, np.ones((len(log_odds), 1)))
    return RunRow(
        classifier="cnn",
        arm=arm,
        train_fraction=1.0,
        lesions="all",
        seed=seed,
        n_train_real=10,
        n_train_synthetic=0,
        n_test=len(log_odds),
        prevalence=0.5,
        accuracy=0.5,
        f1=None,
        auroc=float(ranking.auroc()[0]),
        auprc=float(ranking.auprc()[0]),
        f1_healthy=None,
        auprc_healthy=None,
    )


def simulated(
    shifts: Mapping[str, float],
    *,
    seeds: int,
    patients: int = 60,
    patches: int = 3,
    seed: int = 0,
    of_arm: float = 0.0,
    of_arm_and_patient: float = 0.0,
    both: bool = False,
    make_row: Callable[[predictions.TestPatches, Vector, str, int], RunRow] = row,
) -> tuple[predictions.TestPatches, list[Predictions]]:
    """Return test patches and a run of every arm and seed.

    Args:
        shifts: By how much more an arm scores lesions.
        of_arm: Standard deviation of how easy an arm happens to find a patch, at all its seeds.
        of_arm_and_patient: The same of a patient, and of how well it tells the patient's lesions.
        both: Whether each patient has lesions and healthy patches.
    """
    random = np.random.default_rng(seed)
    population = Population.of(patients, random, patches, both=both)
    runs = []
    for arm, shift in shifts.items():
        bias = population.bias(of_arm, of_arm_and_patient, random)
        for run_seed in range(seeds):
            log_odds = population.log_odds(shift, random) + bias
            runs.append(Predictions(make_row(population.test, log_odds, arm, run_seed), log_odds))
    return population.test, runs


def predicted(
    labels: Sequence[int],
    scores: Mapping[str, Matrix | Sequence[Sequence[float]]],
    patients: Sequence[int] | None = None,
) -> tuple[predictions.TestPatches, list[Predictions]]:
    """Return test patches and runs with the scores given, one list for each seed of each arm."""
    truth: Labels = np.array(labels, dtype=np.int64)
    owners = np.arange(len(truth)) if patients is None else np.array(patients)
    test = predictions.TestPatches(truth, owners)
    return test, [
        Predictions(row(test, np.asarray(given, dtype=np.float64), arm, seed), np.asarray(given))
        for arm, by_seed in scores.items()
        for seed, given in enumerate(by_seed)
    ]

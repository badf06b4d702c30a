"""What a study found, in aggregate: counts and statistics, no patient and no single prediction.

These models travel from a node to whoever writes the report.
"""

from typing import Literal

from pydantic import Field

from node_api.rows import RunRow
from node_api.summaries import ShortcutReport, SubsetBalance
from shared.models import StrictModel
from shared.names import Digest

ArmRole = Literal[
    "baseline",  # own patches only
    "healthy control",  # + own healthy patches alone
    "matched control",  # + own lesions repeated as often as synthetic ones come, + own healthy ones
    "augmentation control",  # own patches, augmented harder
    "synthetic",  # + synthetic lesions, + own healthy patches
    "synthetic only",  # synthetic lesions instead of own ones
    "real donor",  # + real lesions of donors, + own healthy patches: the upper bound
]


class ArmFacts(StrictModel):
    """What an arm adds to the centre's own training patches.

    Attributes:
        donors: Names of the centres whose generators or real patches are added, sorted.
        lesions_added: Synthetic, repeated or donated lesions.
        healthy_added: Own healthy patches beyond those of the baseline.
        own_lesions: Whether the centre's own lesions are among them.
        augmentation: What all training patches of the arm go through.
    """

    name: str
    role: ArmRole
    donors: tuple[str, ...] = ()
    lesions_added: int = 0
    healthy_added: int = 0
    own_lesions: bool = True
    augmentation: str = "flips"


class Interval(StrictModel):
    """A 95 % interval."""

    low: float
    high: float


class MetricEstimate(StrictModel):
    """A metric of a cell over its seeds.

    `mean` is None where no seed defines it, and `reason` says why; `std` (n - 1) needs two seeds.
    `interval` is that of the mean: a bootstrap over seeds and over the patients that all of them
    see. It speaks of other patients and other seeds, not of another split or other training
    patches; of a single seed it speaks of patients alone, and is too narrow. The calibration error
    has none: a resample repeats patches, which makes it larger than it is.
    """

    mean: float | None
    std: float | None
    interval: Interval | None
    defined: int
    seeds: int
    reason: str | None = None


class Cell(StrictModel):
    """A row of the tables: the runs that differ in nothing but the seed."""

    classifier: str
    train_fraction: float
    arm: str
    n_train_real: int
    n_train_synthetic: int
    n_test: int
    prevalence: float
    metrics: dict[str, MetricEstimate]


COMPARED_METRICS = ("auroc", "auprc")
"""In which arms are compared."""

Verdict = Literal["higher", "lower", "no difference shown", "too few seeds", "undefined"]


class Difference(StrictModel):
    """An arm against another one of the same column of the grid, over the seeds that both have.

    Attributes:
        against: The other arm's name; `against_role` is baseline, healthy or matched control.
        difference: Mean over seeds of this arm's metric minus the other's.
        interval: Bootstrap over seeds and patients, both paired.
        p_value: Two-sided, of sign flips of the seeds' differences: all of them up to 12 seeds,
            else 10,000. It says whether another seed would agree, on these patients.
        p_holm: The same corrected over the arms of the column, by metric and kind of other arm.
        p_delong: Cross-check for AUROC: DeLong's test on the log-odds averaged over seeds. It knows
            neither of seeds nor of a patient's patches being alike, and finds too many differences.
        smallest_detectable: The difference that this test set and these seeds show with 80 % power,
            before any correction; None for a single seed.
        verdict: "higher" or "lower" only where the interval leaves out 0 and p_holm is below 0.05;
            "too few seeds" where no p_holm below 0.05 was possible, as with fewer than 6.
        reason: Why it is undefined, or how many seeds would do.
    """

    classifier: str
    train_fraction: float
    arm: str
    against: str
    against_role: ArmRole
    metric: str
    seeds: int
    difference: float | None
    interval: Interval | None
    p_value: float | None
    p_holm: float | None
    p_delong: float | None
    smallest_detectable: float | None
    verdict: Verdict
    reason: str | None = None


class RecoveredShare(StrictModel):
    """How much of what real donor patches bring a synthetic arm brings.

    (synthetic - control) / (real donor - control), of the AUROC's means over seeds: 0 is nothing,
    1 is as good as the patches themselves.

    Attributes:
        share: None where it is undefined, or means nothing because the real patches themselves show
            no gain; `reason` says so.
        interval: Of the bootstrap of `Difference`.
    """

    classifier: str
    train_fraction: float
    arm: str
    control: str
    real: str
    share: float | None
    interval: Interval | None
    gain_of_real: float | None
    reason: str | None = None


class Curve(StrictModel):
    """A ROC or PR curve of a cell: mean over seeds on a common grid, and the band of 95 %.

    `x` is the false positive rate or the recall, `y` the sensitivity or the precision.
    """

    classifier: str
    train_fraction: float
    arm: str
    kind: Literal["roc", "pr"]
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


class ReliabilityBin(StrictModel):
    """Predictions of about the same probability: what was said and what was true."""

    predicted: float
    observed: float
    patches: int


class Reliability(StrictModel):
    """Calibration of a cell after temperature scaling, all seeds' predictions together."""

    classifier: str
    train_fraction: float
    arm: str
    bins: tuple[ReliabilityBin, ...]


class StudyFindings(StrictModel):
    """The statistics of a study."""

    resamples: int
    cells: tuple[Cell, ...]
    differences: tuple[Difference, ...]
    recovered: tuple[RecoveredShare, ...]
    curves: tuple[Curve, ...]
    reliability: tuple[Reliability, ...]


class UsedGenerator(StrictModel):
    """A generator version that a study depends on, and how its patches were drawn."""

    manifest_digest: Digest
    centre: str
    name: str
    title: str
    arms: tuple[str, ...]
    patches: int
    recipe_digest: Digest


class FailedRun(StrictModel):
    """A run that ended with an error; the others went on."""

    classifier: str
    train_fraction: float
    arm: str
    seed: int
    problem: str


class StudyOrigin(StrictModel):
    """Where numbers come from: what must be the same for them to come out again."""

    configuration_digest: Digest
    data_digests: tuple[str, ...]
    versions: dict[str, str]
    device: str
    threads: int
    seconds: float
    runs_found: int


class StudyResult(StrictModel):
    """Everything that a study reports.

    Attributes:
        rows: One for each finished run, in the order of the grid.
        failed: Runs that have no row.
        balance: What the subsets of the split hold.
        shortcut: How far test patches can be told apart without looking for a lesion.
        left_out: What of the centre's own and of the donors' lesions could not be used, by reason.
    """

    arms: tuple[ArmFacts, ...]
    rows: tuple[RunRow, ...]
    failed: tuple[FailedRun, ...]
    findings: StudyFindings
    balance: tuple[SubsetBalance, ...]
    shortcut: ShortcutReport
    left_out: dict[str, int] = Field(default_factory=dict, exclude_if=lambda left_out: not left_out)
    generators: tuple[UsedGenerator, ...]
    origin: StudyOrigin

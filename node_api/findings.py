"""What a study found, in aggregate: counts and statistics, no patient and no single prediction.

These models travel from a node to whoever writes the report.
"""

from typing import Any, Literal

from pydantic import Field, model_validator

from node_api.looks import HarmonisedBy
from node_api.rows import RunRow
from node_api.studies import Harmonised
from node_api.summaries import ShortcutReport, SubsetBalance
from shared.models import StrictModel
from shared.names import Digest

ArmRole = Literal[
    "baseline",  # own patches only
    "healthy control",  # + own healthy patches alone
    "matched control",  # + own lesions repeated as often as synthetic ones come, + own healthy ones
    "painted control",  # + own lesions painted on own healthy patches, + own healthy ones
    "blob control",  # + blobs painted on own healthy patches, + own healthy ones
    "own generator control",  # + lesions of a generator trained on own ones, + own healthy ones
    "augmentation control",  # own patches, augmented harder
    "synthetic",  # + synthetic lesions, + own healthy patches
    "synthetic only",  # synthetic lesions instead of own ones
    "real donor",  # + real lesions of donors, + own healthy patches: the upper bound
]

CONTROL_ROLES: tuple[ArmRole, ...] = (
    "healthy control",
    "matched control",
    "painted control",
    "blob control",
    "own generator control",
    "augmentation control",
)
"""What the centre can do for itself. An arm that adds lesions of donors must beat the best."""


RunsOfAll = tuple[int, int]
"""Runs of which something holds, and all of them."""


class ArmFacts(StrictModel):
    """What an arm adds to the centre's own training patches.

    Attributes:
        donors: Names of the centres whose generators or real patches are added, sorted.
        lesions_added: Synthetic, painted, repeated or donated lesions.
        healthy_added: Own healthy patches beyond those of the baseline.
        sham_healthy: Whether these went through the painting of the lesions.
        own_lesions: Whether the centre's own lesions are among them.
        augmentation: What all training patches of the arm go through.
        harmonised: Whether added lesions got the look of the own ones, as the arm said.
        harmonised_by: What of it.
        painted: Whether the lesions that it adds were painted on own healthy patches.
        harmonised_runs: In how many of its runs they did, where validation patients chose.
    """

    name: str
    role: ArmRole
    donors: tuple[str, ...] = ()
    lesions_added: int = 0
    healthy_added: int = 0
    sham_healthy: bool = False
    own_lesions: bool = True
    augmentation: str = "flips"
    harmonised: Harmonised = Field(False, exclude_if=lambda harmonised: not harmonised)
    harmonised_by: HarmonisedBy = Field("greys", exclude_if=lambda by: by == "greys")
    painted: bool = Field(False, exclude_if=lambda painted: not painted)
    harmonised_runs: RunsOfAll | None = Field(None, exclude_if=lambda runs: runs is None)


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
        against: The other arm's name: the baseline, or the column's control, see `ChosenControl`.
        difference: Mean over seeds of this arm's metric minus the other's.
        interval: Bootstrap over seeds and patients, both paired.
        p_patients: Two-sided, from the resamples of `interval`: whether other patients and other
            seeds would agree. None for fewer than 5 seeds, and in results of earlier versions.
        p_adjusted: The same for being one of several: those of the column with the same metric and
            kind of other arm. It is what verdicts are made by.
        p_seeds: Two-sided, of sign flips of the seeds' differences: all of them up to 12 seeds,
            else 10,000. It says whether other seeds would agree on these very patients, no more.
        p_delong: Cross-check for AUROC: DeLong's test on the log-odds averaged over seeds. It knows
            neither of seeds nor of a patient's patches being alike, and finds too many differences.
        smallest_detectable: The difference that this test set and these seeds show with 80 % power,
            after the correction for several; None for fewer than 5 seeds.
        verdict: "higher" or "lower" only where p_adjusted is below 0.05 and the interval leaves
            out 0; "too few seeds" with fewer than 5.
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
    p_patients: float | None = None
    p_adjusted: float | None = None
    p_seeds: float | None = None
    p_delong: float | None = None
    smallest_detectable: float | None = None
    verdict: Verdict
    reason: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _as_earlier_versions_wrote_it(cls, value: Any) -> Any:
        """Earlier versions made verdicts by the seeds' p, corrected by Holm."""
        if not isinstance(value, dict) or "p_value" not in value:
            return value
        kept = {name: part for name, part in value.items() if name not in {"p_value", "p_holm"}}
        return {**kept, "p_seeds": value["p_value"]}


class ShareInterval(StrictModel):
    """A 95 % interval of a ratio; without numbers it is unbounded: any share fits the data."""

    low: float | None
    high: float | None


class ChosenControl(StrictModel):
    """The best that the centre can do without a donor, chosen on its validation patients.

    Attributes:
        arm: Of `candidates`, the first with the highest AUROC.
        candidates: Mean AUROC on validation patches, over the seeds that all of them have, of every
            control in the column; None where it is not known.
    """

    classifier: str
    train_fraction: float
    arm: str
    candidates: dict[str, float | None]


class RecoveredShare(StrictModel):
    """How much of what real donor patches bring a synthetic arm brings.

    (synthetic - control) / (real donor - control), in AUROC: 0 is nothing, 1 is as good as the
    patches themselves.

    Attributes:
        share: None where the interval is unbounded, or the real patches gained nothing in this
            study; `reason` says which. Corrected for being told only where their gain is clear of
            0. In results of earlier versions it is the plain ratio, also where it is unbounded.
        interval: Of 95 %: every share at which what synthetic patches gain cannot be told from that
            share of what real ones gain (Fieller), by the resamples of `Difference`.
        gain_of_real: In AUROC.
    """

    classifier: str
    train_fraction: float
    arm: str
    control: str
    real: str
    share: float | None
    interval: ShareInterval | None
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
    """The statistics of a study.

    Attributes:
        controls: One for each column with a control; none in results of earlier versions, where an
            arm's control was the one most like it.
    """

    resamples: int
    cells: tuple[Cell, ...]
    differences: tuple[Difference, ...]
    controls: tuple[ChosenControl, ...] = ()
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
    """Where numbers come from: what must be the same for them to come out again.

    Attributes:
        data_digests: Of the patches, sorted.
        images: Digests that tell the images of the own data and of each donor's from others, by
            what they are in words; empty in results of earlier versions.
        runs_found: Runs that were there already.
    """

    configuration_digest: Digest
    data_digests: tuple[str, ...]
    images: dict[str, Digest] = Field(default_factory=dict, exclude_if=lambda images: not images)
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
        warnings: What a reader of the numbers should know of the data, in words, such as that a
            generator's lesions were cut otherwise than the own ones.
    """

    arms: tuple[ArmFacts, ...]
    rows: tuple[RunRow, ...]
    failed: tuple[FailedRun, ...]
    findings: StudyFindings
    balance: tuple[SubsetBalance, ...]
    shortcut: ShortcutReport
    left_out: dict[str, int] = Field(default_factory=dict, exclude_if=lambda left_out: not left_out)
    warnings: tuple[str, ...] = Field((), exclude_if=lambda warnings: not warnings)
    generators: tuple[UsedGenerator, ...]
    origin: StudyOrigin

"""Numbers as words: what a radiologist reads first. Says no more than the numbers do."""

from collections import Counter
from collections.abc import Sequence

from shared.fidelity import FidelityReport
from simulation.report.records import GeneratorRecord, Report, StudyRecord
from simulation.report.statistics import (
    Cell,
    Comparison,
    Spread,
    cells_of,
    comparisons_of,
    healthy_control,
    own_data_only,
)

UNDEFINED = "n/a"
PHANTOMS = (
    "All mammograms here are phantoms, drawn by a program: the numbers show that the system works "
    "and say nothing about real mammograms."
)
SCOPES = {"all": "lesions of every kind", "masses": "masses"}


def summary_of(report: Report) -> tuple[str, ...]:
    """Return the report's sentences, the most important ones first."""
    sentences = [_sharing(report)]
    if all(centre.is_phantom for centre in report.centres):
        sentences.append(PHANTOMS)
    for study in report.studies:
        sentences += study_sentences(study, report)
    return tuple(sentences)


def study_sentences(study: StudyRecord, report: Report) -> tuple[str, ...]:
    """Say what a study compared, what came out, and how far that can be trusted."""
    cells = cells_of(study.rows)
    arms = study.arms
    sentences = [_setting(study, cells, report), *_baseline(study, cells)]
    for against, what in (
        (own_data_only(arms), "its own patches alone"),
        (healthy_control(arms), "the control arm, which adds healthy patches alone"),
    ):
        if against is not None:
            comparisons = comparisons_of(cells, arms, against=against)
            sentences += _verdicts(comparisons, what)
    return (*sentences, *_shortcut(study), _caution(study))


def number(spread: Spread) -> str:
    """Return "0.842 (0.012)": the mean and, over two seeds or more, the standard deviation."""
    if spread.mean is None:
        return UNDEFINED
    std = "" if spread.std is None else f" ({spread.std:.3f})"
    missing = "" if spread.defined == spread.seeds else f" [{spread.defined} of {spread.seeds}]"
    return f"{spread.mean:.3f}{std}{missing}"


def signed(value: float | None) -> str:
    """Return "+0.012", the same with a true minus, or "n/a"."""
    return UNDEFINED if value is None else f"{value:+.3f}".replace("-", "\N{MINUS SIGN}")


def percentage(share: float) -> str:
    """Return "25%"; a small share keeps a decimal."""
    return f"{100 * share:.3g}%"


def scope(lesions: str) -> str:
    """Return what a study's lesions are called in a sentence."""
    return SCOPES.get(lesions, lesions)


def size(size_bytes: int) -> str:
    """Return "3.2 MB" or "840 kB"."""
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.0f} kB"


def listed(words: Sequence[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else "none"


def count(number: int | None) -> str:
    """Return "1,234", or "unknown" for what a card does not know."""
    return "unknown" if number is None else f"{number:,}"


def counted(count: int, one: str, many: str = "") -> str:
    """Return "1 patch" or "2 patches"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def fidelity(report: FidelityReport) -> str:
    """Say how close a generator's samples are to real patches, beside real ones themselves."""
    real, synthetic = report.real_real, report.synthetic
    if synthetic.kid is None or real.kid is None or synthetic.kid_interval is None:
        return f"not judged: {synthetic.reasons['kid']}"
    low, high = synthetic.kid_interval
    return (
        f"kernel distance {synthetic.kid:.2f} (95 % {low:.2f} to {high:.2f}) where two halves of "
        f"the real patches have {real.kid:.2f}; a classifier tells samples from real patches with "
        f"an AUROC of {_two_digits(synthetic.auroc)}, the halves with {_two_digits(real.auroc)}. "
        f"{report.mode_collapse.statement}"
    )


def _two_digits(value: float | None) -> str:
    return UNDEFINED if value is None else f"{value:.2f}"


def weights_bytes(generator: GeneratorRecord) -> int:
    """Return the size of a generator's weight files."""
    return sum(file.size_bytes for file in generator.published.card.weights)


def _sharing(report: Report) -> str:
    if not report.generators:
        return "No centre shared a generator."
    donors = list(dict.fromkeys(g.published.centre for g in report.generators))
    total = sum(map(weights_bytes, report.generators))
    count = counted(len(report.generators), "generator")
    return (
        f"{listed(donors)} trained {count} on {'its' if len(donors) == 1 else 'their'} own "
        f"mammograms and shared {size(total)} of weights with the hub. No mammogram, patch or "
        "patient record was sent to it."
    )


def _setting(study: StudyRecord, cells: Sequence[Cell], report: Report) -> str:
    n_test, prevalence = cells[0].n_test, cells[0].prevalence
    return (
        f"{report.names[study.centre]} trained {counted(len(study.rows), 'classifier')} to tell "
        f"patches with {scope(study.lesions)} from healthy tissue, and tested each on the same "
        f"{counted(n_test, 'patch', 'patches')} of patients that no training saw; "
        f"{percentage(prevalence)} of them show a lesion."
    )


def _baseline(study: StudyRecord, cells: Sequence[Cell]) -> list[str]:
    own = own_data_only(study.arms)
    if own is None:
        return []
    several = len({cell.classifier for cell in cells}) > 1
    reached = [
        f"{number(cell.metrics['auroc'])} with {percentage(cell.train_fraction)} of the training "
        "patients" + (f" ({cell.classifier.upper()})" if several else "")
        for cell in cells
        if cell.arm == own.name
    ]
    return [f"With its own patches alone it reached an AUROC of {listed(reached)}."]


def _verdicts(comparisons: Sequence[Comparison], what: str) -> list[str]:
    if not comparisons:
        return []
    counts = Counter[str](comparison.verdict for comparison in comparisons)
    judged = sum(counts[verdict] for verdict in ("higher", "lower", "no clear difference"))
    if not judged:
        return [
            f"Whether synthetic patches change the AUROC against {what} cannot be judged: that "
            "takes two seeds or more."
        ]
    if counts["no clear difference"] == judged:
        return [
            f"Compared with {what}, synthetic lesion patches of other centres made no clear "
            f"difference to the AUROC in {_all_of(judged)}: every difference is smaller than the "
            "spread over seeds."
        ]
    parts = [
        f"{verb} in {counts[verdict]}"
        for verdict, verb in (
            ("higher", "was higher by more than the spread over seeds"),
            ("lower", "was lower by more than that spread"),
            ("no clear difference", "showed no clear difference"),
        )
        if counts[verdict]
    ]
    return [
        f"Compared with {what}, the AUROC with synthetic lesion patches of other centres "
        f"{listed(parts)} of {counted(judged, 'comparison')}."
    ]


def _shortcut(study: StudyRecord) -> list[str]:
    """Say how far the patches can be told apart without looking for a lesion."""
    found = study.shortcut
    if found.auroc is None:
        return []
    return [
        f"A regression on a patch's sharpness, brightness and size alone reaches an AUROC of "
        f"{found.auroc:.2f} on the same patches (sharpness {found.sharpness:.2f}, brightness "
        f"{found.mean:.2f}, size {found.size:.2f}): what a classifier gains above that, it does "
        "not owe to how the patches were cut."
    ]


def _all_of(count: int) -> str:
    return "the one comparison" if count == 1 else f"any of {count} comparisons"


def _caution(study: StudyRecord) -> str:
    seeds = len(study.seeds)
    if seeds == 1:
        return "One seed shows no spread: no difference in these tables can be told from chance."
    return (
        f"{counted(seeds, 'seed')} and one split of the patients are few: read a difference as a "
        "hint, not as proof."
    )

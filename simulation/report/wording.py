"""Numbers as words: what a radiologist reads first. Says no more than the numbers do."""

from shared.counts import counted
from shared.fidelity import FidelityReport
from simulation.report.records import GeneratorRecord, Report
from study_report.sentences import study_sentences
from study_report.wording import listed, unsigned

PHANTOMS = (
    "All mammograms here are phantoms, drawn by a program: the numbers show that the system works "
    "and say nothing about real mammograms."
)


def summary_of(report: Report) -> tuple[str, ...]:
    """Return the report's sentences, the most important ones first."""
    sentences = [sharing(report)]
    if all(centre.is_phantom for centre in report.centres):
        sentences.append(PHANTOMS)
    for study in report.studies:
        sentences += study_sentences(report.presented(study))
    return tuple(sentences)


def size(size_bytes: int) -> str:
    """Return "3.2 MB" or "840 kB"."""
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.0f} kB"


def count(number: int | None) -> str:
    """Return "1,234", or "unknown" for what a card does not know."""
    return "unknown" if number is None else f"{number:,}"


def fidelity(report: FidelityReport) -> str:
    """Say how close a generator's samples are to real patches, beside real ones themselves."""
    real, synthetic = report.real_real, report.synthetic
    if synthetic.kid is None or real.kid is None or synthetic.kid_interval is None:
        return f"not judged: {synthetic.reasons['kid']}"
    low, high = synthetic.kid_interval
    return (
        f"coverage {unsigned(synthetic.coverage, 2)}, the share of real patches with a sample "
        f"nearby, where two halves of them reach {unsigned(real.coverage, 2)}; "
        f"kernel distance {synthetic.kid:.2f} (95 % {low:.2f} to {high:.2f}), the halves "
        f"{real.kid:.2f}; a classifier tells samples from real patches with "
        f"an AUROC of {unsigned(synthetic.auroc, 2)}, the halves with {unsigned(real.auroc, 2)}. "
        f"{report.mode_collapse.statement}"
    )


def weights_bytes(generator: GeneratorRecord) -> int:
    """Return the size of a generator's weight files."""
    return sum(file.size_bytes for file in generator.published.card.weights)


def sharing(report: Report) -> str:
    """Say what crossed the border, and what stayed."""
    if not report.generators:
        return "No centre shared a generator."
    donors = list(dict.fromkeys(g.published.centre for g in report.generators))
    total = sum(map(weights_bytes, report.generators))
    files = sum(len(g.published.card.weights) for g in report.generators)
    generators = counted(len(report.generators), "generator")
    behind = [centre.counts for centre in report.centres if centre.name in donors]
    images = sum(counts.images for counts in behind)
    patients = sum(counts.patients for counts in behind)
    return (
        f"{listed(donors)} trained {generators} on {'its' if len(donors) == 1 else 'their'} own "
        f"mammograms and shared {counted(files, 'file')} of {size(total)} of weights with the hub. "
        f"{counted(images, 'image')} of {counted(patients, 'patient')} stayed where they are: "
        "no mammogram, patch or patient record was sent to it."
    )

"""What a card, a report or a statement says, in sentences, on the pages of hub and node alike."""

from collections.abc import Callable, Mapping

from shared.cards import ModelCard
from shared.counts import counted
from shared.fidelity import FidelityReport, FidelityRow
from shared.statements import AuditStatement, StatedAttack

KINDS: Mapping[str, str] = {
    "mass": "masses",
    "calcification": "calcifications",
    "other": "other lesions",
}
ARCHITECTURES: Mapping[str, str] = {"dcgan": "DCGAN", "residual": "residual network"}
LOSSES: Mapping[str, str] = {
    "dcgan": "DCGAN",
    "wgan-gp": "WGAN-GP",
    "relativistic": "relativistic GAN",
}
METRICS: Mapping[str, tuple[str, str]] = {
    "coverage": ("Coverage", "share of the real patches with one of these nearby"),
    "precision": ("Precision", "share of the patches that look like real ones"),
    "recall": ("Recall", "share of the real patches that look like these"),
    "kid": ("Kernel distance", "0: no difference seen"),
    "auroc": ("Told apart by a classifier", "AUROC; 0.5: cannot, 1: always"),
}
VERDICT_TONES: Mapping[str, str] = {
    "passed": "good",
    "refused": "bad",
    "inconclusive": "open",
    "not required": "still",
}
SIGNED: Mapping[str, str] = {
    "package": "The package",
    "audit": "What is said of its audit, and that it may leave",
    "withdrawal": "Its withdrawal, and why",
}
STATES: Mapping[str, str] = {
    "": "in use",
    "approved": "approved",
    "deprecated": "deprecated",
    "withdrawn": "withdrawn",
    "quarantined": "quarantined",
    "pending_review": "pending review",
    "draft": "draft",
}
STATE_TONES: Mapping[str, str] = {
    "approved": "good",
    "deprecated": "open",
    "withdrawn": "bad",
    "quarantined": "bad",
    "pending_review": "open",
    "draft": "still",
}
COLLAPSE_TONES: Mapping[str, str] = {
    "none seen": "good",
    "suspected": "bad",
    "not judged": "still",
}


def kinds(card: ModelCard) -> str:
    """Return such as "masses and calcifications"."""
    return listed([KINDS[kind] for kind in card.training_set.lesion_kinds])


def listed(words: list[str]) -> str:
    """Return words with commas, and "and" before the last."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def draws(card: ModelCard) -> str:
    """Say what comes out of a generator."""
    architecture = card.architecture
    side = f"{architecture.image_size} \u00d7 {architecture.image_size} pixels"
    output = getattr(architecture, "output", "patch")
    what = "Patches" if output == "patch" else "Residuals, to be painted on healthy patches,"
    chosen = f", {' or '.join(architecture.classes)} as asked" if architecture.classes else ""
    return f"{what} of {side} with {kinds(card)}{chosen}."


def trained_on(card: ModelCard) -> str:
    """Say what a generator was trained on; counts are as rounded as the card has them."""
    given = card.training_set
    people = "a number of patients that is not told"
    if given.patients is not None:
        people = f"at least {given.patients} patients"
    patches = "" if given.patches is None else f", at least {given.patches} patches"
    cut = "" if given.cutting is None else f", cut with {given.cutting.words}"
    spacing = ""
    if given.pixel_spacing_mm is not None:
        spacing = f", {given.pixel_spacing_mm:g} mm a pixel before resizing"
    return f"{given.data_set}: {people}{patches}{cut}{spacing}."


def training(card: ModelCard) -> str:
    """Say how a generator was trained."""
    given = card.training
    parts = [f"{LOSSES[given.loss]} loss"]
    if given.epochs is not None:
        parts.append(counted(given.epochs, "epoch"))
    if given.batch_size is not None:
        parts.append(f"batches of {given.batch_size}")
    if given.averaged:
        parts.append("averaged weights")
    if given.augmented:
        parts.append("augmented patches")
    by = given.genshare_version
    parts.append("not trained with genshare" if by is None else f"genshare {by}")
    return ", ".join(parts) + "."


def network(card: ModelCard) -> str:
    """Return the network in a few words."""
    architecture = card.architecture
    files = len(card.weights)
    ensemble = f"; an ensemble of {files}" if files > 1 else ""
    kind = ARCHITECTURES.get(architecture.kind, architecture.kind)
    return f"{kind}, {architecture.latent_size} latent numbers{ensemble}"


def fidelity_rows(report: FidelityReport) -> list[tuple[str, str, list[str]]]:
    """Return a line for each metric: its name, how it is read, and its values in each column."""
    columns = [report.real_real, report.synthetic, report.other_centre]
    return [
        (name, read, [_figure(row, metric) for row in columns if row is not None])
        for metric, (name, read) in METRICS.items()
    ]


def _figure(row: FidelityRow, metric: str) -> str:
    value = getattr(row, metric)
    return "\u2013" if value is None else f"{value:.2f}"


def attack_in_words(attack: StatedAttack) -> str:
    """Say how often an attack is right at most, in pairs of a hundred."""
    people = "patients" if attack.unit == "patient" else "patches"
    return (
        f"Shown one of the {people} that were trained on and one that was not, it picks the right "
        f"one in at most {100 * attack.auroc_upper:.0f} of 100 pairs; guessing picks 50."
    )


def signed(kind: str) -> str:
    """Say what a signature of a kind is of."""
    return SIGNED.get(kind, kind)


def statement_summary(statement: AuditStatement | None) -> str:
    """Return the verdict in two words, for a table."""
    return "not stated" if statement is None else statement.verdict


def statement_tone(statement: AuditStatement | None) -> str:
    """Return the class that colours a verdict."""
    return "still" if statement is None else VERDICT_TONES[statement.verdict]


def state_words(state: str) -> str:
    """Return a state as people write it."""
    return STATES[state]


def state_tone(state: str) -> str:
    """Return the class that colours a state."""
    return STATE_TONES[state]


def collapse_tone(verdict: str) -> str:
    """Return the class that colours a verdict on mode collapse."""
    return COLLAPSE_TONES[verdict]


FILTERS: Mapping[str, Callable[..., object]] = {
    function.__name__: function
    for function in (
        kinds,
        listed,
        draws,
        trained_on,
        training,
        network,
        fidelity_rows,
        attack_in_words,
        signed,
        statement_summary,
        statement_tone,
        collapse_tone,
        state_tone,
        state_words,
    )
}

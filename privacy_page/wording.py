"""The page's sentences: each says what was measured, and no more."""

import math
from collections.abc import Iterator, Mapping

from node_api.audits import AttackFigures, AuditReport, Copies, PositiveControl
from node_api.release import ReleaseDecision
from shared.attacks import AttackName
from shared.statements import DifferentialPrivacy, StatedWaiver, Verdict

HOW: Mapping[AttackName, str] = {
    "nearest sample, pixels": "draws many patches; how near is the nearest, pixel by pixel",
    "nearest sample, principal components": "draws many patches; how near is the nearest, by "
    "the coarsest features",
    "nearest sample, classifier features": "draws many patches; how near is the nearest, by what "
    "a classifier looks at",
    "calibrated nearest sample, pixels": "the same as nearest sample, but less where other real "
    "patches are near too, pixel by pixel",
    "calibrated nearest sample, principal components": "the same as nearest sample, but less where "
    "other real patches are near too, by the coarsest features",
    "calibrated nearest sample, classifier features": "the same as nearest sample, but less where "
    "other real patches are near too, by what a classifier looks at",
    "density ratio": "compares how common such a patch is among drawn and among real patches",
    "ball of samples": "counts the drawn patches that are very near",
    "inversion": "searches the generator for the input that draws the patch best, with the weights",
    "calibrated inversion": "the same as inversion, but less where other real patches are drawn "
    "well too",
}
THREAT_MODEL = (
    "Whoever receives the package holds the generator's weights for good: they can draw patches "
    "without end, look into the weights, and keep them after a withdrawal.",
    "They are taken to have patches of their own of the same kind, and the very patch or patient "
    "that they ask about: the question is whether that patient was trained on.",
    "They do not have the discriminator, the optimiser's state, or the training's random numbers, "
    "which never leave the centre.",
    "Not looked at: attacks with many generators trained for the purpose, what several generators "
    "of the same patients tell together, and guesses at a patient's traits from the weights.",
)
VERDICTS: Mapping[Verdict, str] = {
    "passed": "Every rule of the centre's policy holds. It is the centre's own limit that was "
    "kept; this is no proof that nothing can be learnt of a patient.",
    "refused": "At least one rule of the centre's policy is broken. The generator stays, unless a "
    "second person waives.",
    "inconclusive": "The numbers are too few to say whether the policy holds. That is no pass: the "
    "generator stays, unless a second person waives.",
    "not required": "The centre's policy asks for no audit, and none was made. Nothing is known of "
    "what this generator tells of its patients.",
}


COULD_NOT_TELL = (
    "The audit could not tell: the numbers are too few to say whether the policy's limits hold. "
    "That is no pass. The policy asks for no audit, so the generator may leave all the same, and "
    "the statement beside it says that nothing was found out."
)


def verdict_in_words(decision: ReleaseDecision, waiver: StatedWaiver | None) -> str:
    """Say what the verdict means, and who waived it."""
    is_open = decision.verdict == "inconclusive" and decision.may_leave
    said = COULD_NOT_TELL if is_open else VERDICTS[decision.verdict]
    return said if waiver is None else f"{said} {waiver.by} has waived: {waiver.reason}"


def attack_in_words(figures: AttackFigures, hit_rate_upper: float | None) -> str:
    """Say how often an attack is right, in pairs of a hundred."""
    of = "patients" if figures.unit == "patient" else "patches"
    pairs, seen = hundredths(figures.auroc_upper), hundredths(figures.smallest_visible)
    said = (
        f"Shown one of the {of} that were trained on and one that was not, it picks the right one "
        f"in at most {pairs} of 100 pairs; guessing picks 50. Fewer than {seen} could have gone "
        "unseen."
    )
    if hit_rate_upper is None:
        return f"{said} How many it finds with few false alarms cannot be told from so few."
    found = hundredths(hit_rate_upper)
    return f"{said} With one false alarm in 100 it finds at most {found} in 100 of them."


def strongest_in_words(report: AuditReport | None) -> str:
    """Say which attack was strongest; of several, the highest is partly chance."""
    if report is None or (strongest := report.strongest) is None:
        return "No attack was tried."
    return (
        f"Of {len(report.attacks)} measurements the highest bound is that of the attack "
        f"{strongest.attack}, per {strongest.unit}: at most {hundredths(strongest.auroc_upper)} "
        "of 100 pairs."
    )


def read_strongest(report: AuditReport | None) -> str:
    """Say how the line of the strongest attack is read."""
    if report is None or (strongest := report.strongest) is None:
        return ""
    rate = strongest.at_one_percent
    said = attack_in_words(strongest, None if rate is None else rate.upper)
    return f"Read the line of {strongest.attack}, per {strongest.unit}, so: {said}"


def copies_in_words(copies: Copies | None, samples: int) -> str:
    """Say what looks like a copy, and why none found is no pass."""
    if copies is None:
        return "Nobody looked for copies."
    return (
        f"Of {samples} drawn patches {copies.near_duplicates} are nearly a training patch; "
        f"{copies.near_duplicates_expected:.0f} would be by chance. Drawn patches are "
        f"{copies.nearest_ratio:.2f} times as far from training patches as from held-out ones. "
        "Copies refuse a release; that none are found passes none, for a patient can be "
        "recognised without a copy."
    )


def positive_control_in_words(control: PositiveControl | None) -> str:
    """Say whether the audit found a leak that was put there."""
    if control is None:
        return "Not made: whether this audit would find a leak was not tried on this generator."
    planted = (
        f"{control.planted} training patches were put {control.copies} times each among the drawn "
        f"ones. The attack {control.attack} "
    )
    if control.found:
        return f"{planted}found them (AUROC {control.auroc:.2f}): the audit can see such a leak."
    return f"{planted}did not find them: that it found nothing else says nothing."


def privacy_in_words(privacy: DifferentialPrivacy | None) -> str:
    """Say what is guaranteed."""
    if privacy is None:
        return "None: the training gives no formal guarantee."
    return (
        f"Guaranteed per {privacy.unit}, whoever attacks and with whatever they know: any "
        f"conclusion is at most exp({privacy.epsilon:g}) times as likely with a {privacy.unit}'s "
        f"patches as without, but for a probability of {privacy.delta:g}. "
        + ("That is a strong promise." if privacy.epsilon <= 1 else _weak(privacy.epsilon))
    )


def residual_risk(
    report: AuditReport | None, privacy: DifferentialPrivacy | None, versions_before: int
) -> Iterator[str]:
    """Yield what may be learnt all the same."""
    if report is None:
        yield "What the weights tell of a patient was not measured."
    else:
        yield (
            "Attacks that were not tried may find more than these did. A bound holds for the "
            "attack that it was measured with, and for patients like the held-out ones."
        )
        yield (
            "The numbers are averages over patients. A patient unlike the others can be more "
            "exposed; the picture of the most exposed patches, which stays inside, shows whom."
        )
    if report is not None and report.attacks:
        worst = max(figures.smallest_visible for figures in report.attacks)
        yield f"A leak below {hundredths(worst)} of 100 pairs could have gone unseen."
    if privacy is None:
        yield "Without a formal guarantee nothing bounds what a future attack finds."
    if versions_before:
        times = "once" if versions_before == 1 else f"{versions_before} times"
        yield (
            f"Of some of these patients generators were published {times} before. What they tell "
            "together was not measured."
        )
    yield (
        "The weights can draw what is typical of the patients as a group. That is their purpose, "
        "and can tell of a group what its members would not want told."
    )


def _weak(epsilon: float) -> str:
    if epsilon <= 10:
        return "Between 1 and 10 it limits what is learnt, and still allows much in theory."
    return "Above 10 it promises little by itself; the attacks above say what was seen."


def hundredths(share: float) -> str:
    """Return a share in hundredths, to one decimal, rounded up: most are bounds."""
    return f"{math.ceil(round(1000 * share, 6)) / 10:.1f}".removesuffix(".0")

"""What a study found, in the sentences that a radiologist reads first.

They say no more than the numbers do: the verdicts are those of the findings.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import get_args

from node_api.findings import CONTROL_ROLES, ArmFacts, ArmRole, Difference, RecoveredShare, Verdict
from node_api.patches import PatchConfiguration
from node_api.studies import looks_tried
from node_api.tasks import BENIGN_OR_MALIGNANT
from shared.counts import counted
from study_report.presented import Column, Presented
from study_report.wording import (
    METRICS,
    classifier_name,
    interval,
    listed,
    percentage,
    probability,
    recovered,
    scope,
    sentence,
    signed,
    signed_interval,
    unbroken,
    unsigned,
)

COMPARED = "auroc"
ADDING: tuple[tuple[ArmRole, str], ...] = (
    ("synthetic", "adding synthetic lesions"),
    ("synthetic only", "training on synthetic lesions instead of its own"),
    ("real donor", "adding real lesions of other centres"),
    ("painted control", "painting its own lesions on its own healthy tissue"),
    ("blob control", "painting blobs on its own healthy tissue"),
)


def study_sentences(study: Presented) -> tuple[str, ...]:
    """Return the study's summary, the most important sentences first."""
    sentences = (
        *_headline(study),
        _setting(study),
        _cutting(study),
        *_baseline(study),
        *_controls(study),
        *_comparisons(study),
        *_failures(study),
        *_shortcut(study),
        *(f"{sentence(warning)}." for warning in study.result.warnings),
        caution(study),
    )
    return tuple(map(unbroken, sentences))


def _headline(study: Presented) -> Iterator[str]:
    """Say what synthetic lesions recover, in every column of the grid."""
    arms = [arm for arm in study.result.arms if arm.role == "synthetic"]
    if not arms:
        return
    shares = study.result.findings.recovered
    if not shares:
        yield (
            "How much synthetic lesions recover of what real patches of the same centres bring "
            f"cannot be said: {_what_is_missing(study)}."
        )
        return
    for arm in arms:
        yield from _recovered(study, arm, [share for share in shares if share.arm == arm.name])
    defined = [share for share in shares if share.share is not None]
    if defined:
        controls = _quoted(share.control for share in defined)
        yield (
            f"The recovered share is what they gain in AUROC over the control ({controls}) as a "
            "share of what the real patches gain; its 95 % interval is in brackets."
        )
        yield from _doubts(study, defined)


def _recovered(study: Presented, arm: ArmFacts, shares: Sequence[RecoveredShare]) -> Iterator[str]:
    defined = [share for share in shares if share.share is not None]
    twins = [other for other in study.result.arms if _is_twin(arm, other)]
    donors, named = listed(arm.donors), f" (“{arm.name}”)" if twins else ""
    their = "its" if len(arm.donors) == 1 else "their"
    if defined:
        values = listed([_share(study, share) for share in defined])
        yield (
            f"Of what real patches of {donors} bring, {their} synthetic lesions{named} recover "
            f"{values}."
        )
    undefined = [share for share in shares if share.share is None]
    for reason in dict.fromkeys(share.reason for share in undefined):
        where = _with(study, [share for share in undefined if share.reason == reason])
        yield (
            f"Synthetic lesions of {donors}{named}: how much they recover{where} cannot be said, "
            f"for {reason}."
        )


def _doubts(study: Presented, shares: Sequence[RecoveredShare]) -> Iterator[str]:
    intervals = [share.interval for share in shares]
    if any(found is not None and found.low is None for found in intervals):
        yield (
            "Where that interval is unbounded, any share fits the data, for the real patches' own "
            "gain may be none."
        )
    if any(found is not None and found.low is not None and found.low <= 0 for found in intervals):
        yield "Where that interval reaches 0, it is not shown that they recover anything."
    for real in dict.fromkeys(share.real for share in shares):
        of_real = [share for share in shares if share.real == real]
        unshown = [share for share in of_real if not _gain_is_shown(study, share)]
        where = _with(study, unshown) if len(unshown) < len(of_real) else ""
        if unshown:
            yield (
                f"The gain of the real patches (“{real}”){where} is itself not shown by the "
                "corrected test, so the share of it is a hint and no more."
            )


def _gain_is_shown(study: Presented, share: RecoveredShare) -> bool:
    wanted = (share.real, share.control, share.classifier, share.train_fraction, COMPARED)
    return any(
        (one.arm, one.against, one.classifier, one.train_fraction, one.metric) == wanted
        and one.verdict == "higher"
        for one in study.result.findings.differences
    )


def _is_twin(arm: ArmFacts, other: ArmFacts) -> bool:
    return other != arm and other.role == "synthetic" and other.donors == arm.donors


def _share(study: Presented, share: RecoveredShare) -> str:
    assert share.share is not None, "only defined shares are said"
    return recovered(share.share, share.interval) + _with(study, [share])


def _with(study: Presented, shares: Sequence[RecoveredShare]) -> str:
    """Return " with CNN (100 % and 5 % of the training patients)", or what the grid has of it."""
    fractions_differ = len({column.train_fraction for column in study.columns}) > 1
    parts = []
    for name in dict.fromkeys(share.classifier for share in shares):
        fractions = [share.train_fraction for share in shares if share.classifier == name]
        title = study.shares_title(list(dict.fromkeys(fractions))) if fractions_differ else ""
        if len(study.classifiers) > 1:
            title = classifier_name(name) + (f" ({title})" if title else "")
        parts.append(title)
    return f" with {listed(parts)}" if any(parts) else ""


def _what_is_missing(study: Presented) -> str:
    roles = {arm.role for arm in study.result.arms}
    if "real donor" not in roles:
        return "no arm of the study adds them"
    if not roles & set(CONTROL_ROLES):
        return "the study has no control arm to measure the gain from"
    return "no arm adds real patches of just those centres, or its runs failed"


def _setting(study: Presented) -> str:
    first = study.result.findings.cells[0]
    told_apart = study.classes.told_apart.format(lesions=scope(study.configuration.lesions))
    tested = len(study.result.rows)
    trained = sum(len(looks_tried(study.arm(row.arm).harmonised)) for row in study.result.rows)
    chosen = "of two with and without the own look the one that validation patients chose"
    each = "each" if trained == tested else f"{tested} of them ({chosen})"
    return (
        f"{sentence(study.centre)} trained {counted(trained, 'classifier')} to tell "
        f"{told_apart}, and tested {each} "
        f"on the same {counted(first.n_test, 'patch', 'patches')} of patients that no training "
        f"saw; {percentage(first.prevalence)} of them {study.classes.are_positive}."
        f"{_equal_steps(study)}"
    )


def _equal_steps(study: Presented) -> str:
    steps = study.configuration.classifier_training.steps
    if steps is None:
        return ""
    return f" Each took {counted(steps, 'step')} of training, however many patches its arm adds."


def _cutting(study: Presented) -> str:
    """Say how lesions became patches, the own ones and those of donors that have their own way."""
    asked = study.configuration
    donors = [
        f"those of {donor} with {asked.donor_patches(donor).cutting.words}"
        for donor in sorted(asked.donor_cuttings)
    ]
    own = f"with {asked.patches.cutting.words}"
    told = f"Patches were cut around real lesions {', and '.join([own, *donors])}."
    if asked.task == BENIGN_OR_MALIGNANT:
        return told
    return f"{told} {_healthy_patches(asked.patches)}"


def _healthy_patches(cut: PatchConfiguration) -> str:
    """Say which tissue counts as healthy."""
    source = {
        "healthy_mammograms": "from mammograms without any annotation",
        "all_mammograms": "from all mammograms, beside every annotation",
    }[cut.healthy_from]
    brightness = ", as bright as lesions" if cut.healthy_brightness == "as_lesions" else ""
    tissue = {
        "threshold": f"pixels above {cut.background_level} of 255",
        "breast_mask": "what lies in the breast",
    }[cut.tissue]
    return f"Healthy patches are {source}{brightness}; as tissue counts {tissue}."


def _baseline(study: Presented) -> Iterator[str]:
    own = next((arm for arm in study.result.arms if arm.role == "baseline"), None)
    reached = []
    for column in study.columns:
        cell = study.cell(column, own.name) if own else None
        auroc = cell.metrics[COMPARED] if cell else None
        if auroc is not None and auroc.mean is not None:
            title = study.short_title(column)
            value = f"{unsigned(auroc.mean)} ({interval(auroc.interval)})"
            reached.append(f"{value} [{title}]" if title else value)
    if reached:
        yield f"With its own patches alone it reached an AUROC of {listed(reached)}."


def _controls(study: Presented) -> Iterator[str]:
    """Say which control arms with donors are measured by, and why."""
    chosen = study.result.findings.controls
    if not chosen:
        return
    candidates = list(dict.fromkeys(name for one in chosen for name in one.candidates))
    if len(candidates) == 1:
        yield (
            f"The control is “{candidates[0]}”, the only arm beside the baseline that does "
            "without donors."
        )
        return
    parts = []
    for one in chosen:
        reached = unsigned(one.candidates[one.arm])
        title = study.short_title(Column(one.classifier, one.train_fraction))
        parts.append(f"“{one.arm}” ({reached} there)" + (f" [{title}]" if title else ""))
    yield (
        f"The control is the best of the {len(candidates)} arms beside the baseline that do "
        f"without donors ({_quoted(candidates)}), the one with the highest mean AUROC on "
        f"validation patients: {listed(parts)}."
    )


def _comparisons(study: Presented) -> Iterator[str]:
    for role, what in ADDING:
        of_role = [
            difference
            for difference in study.result.findings.differences
            if difference.metric == COMPARED and study.arm(difference.arm).role == role
        ]
        with_control = [d for d in of_role if d.against_role != "baseline"]
        with_baseline = [d for d in of_role if d.against_role == "baseline"]
        if with_control:
            yield _verdicts(study, with_control, "the control", what)
        if with_baseline and (role == "synthetic" or not with_control):
            yield _verdicts(study, with_baseline, "its own patches alone", what)


def _verdicts(study: Presented, compared: Sequence[Difference], kind: str, what: str) -> str:
    against = _quoted(d.against for d in compared)
    return f"Compared with {kind} ({against}), {what} {listed(list(_parts(study, compared)))}."


def _parts(study: Presented, compared: Sequence[Difference]) -> Iterator[str]:
    by_verdict = {
        verdict: [difference for difference in compared if difference.verdict == verdict]
        for verdict in get_args(Verdict)
    }
    for verdict, verb in (("higher", "raised"), ("lower", "lowered")):
        if found := by_verdict[verdict]:
            gains = listed(list(_by_arm(study, found)))
            yield f"{verb} the AUROC in {_of(found, compared)} ({gains})"
    if found := by_verdict["no difference shown"]:
        arms = _quoted(d.arm for d in found)
        least = _detectable(found)
        yield f"showed no difference in AUROC in {_of(found, compared)} ({arms}{least})"
    for verdict, words in (
        ("too few seeds", "gets no verdict on its AUROC in"),
        ("undefined", "has no AUROC to compare in"),
    ):
        if found := by_verdict[verdict]:
            reasons = "; ".join(dict.fromkeys(d.reason for d in found if d.reason))
            yield f"{words} {_of(found, compared)}" + (f" ({reasons})" if reasons else "")


def _of(found: Sequence[Difference], compared: Sequence[Difference]) -> str:
    if len(compared) == 1:
        return "the one comparison"
    return f"{len(found)} of {len(compared)} comparisons"


def _by_arm(study: Presented, found: Sequence[Difference]) -> Iterator[str]:
    """Yield each arm with its difference and interval, or the range of several differences."""
    for arm in dict.fromkeys(difference.arm for difference in found):
        of_arm = [difference for difference in found if difference.arm == arm]
        known = [d.difference for d in of_arm if d.difference is not None]
        if len(of_arm) == 1:
            interval_of = signed_interval(of_arm[0].interval)
            yield f"“{arm}”{_where(study, of_arm[0])} by {signed(known[0])}, 95 % {interval_of}"
        else:
            least, most = signed(min(known)), signed(max(known))
            reach = least if least == most else f"{least} to {most}"
            yield f"“{arm}” in {len(of_arm)} by {reach}"


def _where(study: Presented, difference: Difference) -> str:
    title = study.short_title(Column(difference.classifier, difference.train_fraction))
    return f" [{title}]" if title else ""


def _detectable(unclear: Sequence[Difference]) -> str:
    sizes = [d.smallest_detectable for d in unclear if d.smallest_detectable is not None]
    if not sizes:
        return ""
    low, high = unsigned(min(sizes)), unsigned(max(sizes))
    least = low if low == high else f"{low} to {high}"
    return f"; the smallest difference that this test could have shown is {least}"


def _failures(study: Presented) -> Iterator[str]:
    failed = study.result.failed
    if failed:
        arms = _quoted(run.arm for run in failed)
        yield (
            f"{counted(len(failed), 'run')} failed and {'is' if len(failed) == 1 else 'are'} "
            f"missing from the numbers of {arms}: see the list below."
        )


def _quoted(names: Iterable[str]) -> str:
    return listed([f"“{name}”" for name in dict.fromkeys(names)])


def _shortcut(study: Presented) -> Iterator[str]:
    """Say how far the patches can be told apart without looking for a lesion."""
    found = study.result.shortcut
    if found.auroc is not None:
        yield (
            f"A regression on a patch's sharpness, brightness and size alone reaches an AUROC of "
            f"{found.auroc:.2f} on the same patches (sharpness {found.sharpness:.2f}, brightness "
            f"{found.mean:.2f}, size {found.size:.2f}): what a classifier gains above that, it "
            "does not owe to how the patches were cut."
        )


def caution(study: Presented) -> str:
    """Say what the study cannot say."""
    if study.seeds == 1:
        return "One seed shows no spread: no difference in these tables can be told from chance."
    roles = {arm.role for arm in study.result.arms}
    once = ["another split of the patients", "other mammograms to train on"]
    if roles & {"synthetic", "synthetic only"}:
        once.append("another training of the generators")
    return (
        f"The intervals speak of other patients and other seeds ({study.seeds} were used), and not "
        f"of {', '.join(once[:-1])} or {once[-1]}: there was one of each."
    )


def pooled_sentence(difference: Difference) -> str:
    """Return what several splits show together of one arm."""
    shown = difference.verdict in ("higher", "lower")
    at_least = unsigned(difference.smallest_detectable)
    missed = "" if shown else f", where {at_least} would have been in four of five such studies"
    return (
        f"{classifier_name(difference.classifier)}, "
        f"{percentage(difference.train_fraction)}, {METRICS[difference.metric]}: "
        f"“{difference.arm}” against “{difference.against}” "
        f"{signed(difference.difference)} ({signed_interval(difference.interval)}), corrected p "
        f"{probability(difference.p_adjusted)}: {difference.verdict}{missed}"
    )

"""What a study found, in one sentence for each column of the grid: what stands first on its page.

A sentence claims no more than the findings' verdicts, which are made against the best that the
centre can do without a donor.
"""

from collections.abc import Iterator, Sequence

from node_api.findings import ChosenControl, Difference, RecoveredShare
from node_api.tasks import BENIGN_OR_MALIGNANT
from shared.counts import counted
from study_report.presented import Column, Presented, belongs
from study_report.wording import classifier_name, listed, percentage, sentence, unsigned

METRIC = "auroc"


def verdict_sentences(study: Presented) -> tuple[str, ...]:
    """Return a sentence for each column, the one with the fewest own patches first."""
    columns = sorted(study.columns, key=lambda column: column.train_fraction)
    return tuple(_verdict(study, column) for column in columns)


def _verdict(study: Presented, column: Column) -> str:
    gains = list(_gains(study, column))
    if not gains:
        return sentence(f"{_centre(study, column)} {_alone(study, column)}.")
    shown = [told for told, is_gain in gains if is_gain]
    unshown = [told for told, is_gain in gains if not is_gain]
    parts = [*shown, *unshown]
    return sentence(f"{_centre(study, column)} {'; '.join(parts)}.{_measured(study, column)}")


def _measured(study: Presented, column: Column) -> str:
    """Say what gains are measured against."""
    chosen = next((one for one in study.result.findings.controls if belongs(one, column)), None)
    return (
        "" if chosen is None else f" Measured against the best that it does alone, “{chosen.arm}”."
    )


def _centre(study: Presented, column: Column) -> str:
    """Return such as "centre-a, with 8 lesions of its own,"."""
    own = next((arm.name for arm in study.result.arms if arm.role == "baseline"), None)
    cell = None if own is None else study.cell(column, own)
    known = []
    if cell is not None:
        both = study.configuration.task == BENIGN_OR_MALIGNANT
        lesions = cell.n_train_real if both else cell.n_train_real // 2
        known.append(f"with {counted(lesions, 'lesion')} of its own")
    if len(study.classifiers) > 1:
        known.append(f"judged by {classifier_name(column.classifier)}")
    return f"{study.centre}, {' and '.join(known)}," if known else study.centre


def _alone(study: Presented, column: Column) -> str:
    """Say what the centre can do without a donor, where a study has none."""
    chosen = next((one for one in study.result.findings.controls if belongs(one, column)), None)
    arm = None if chosen is None else study.cell(column, chosen.arm)
    reached = None if arm is None else arm.metrics[METRIC].mean
    if chosen is None or reached is None:
        return (
            "had no control in this study, an arm that needs no other centre, to measure others by"
        )
    tested = f"AUROC {unsigned(reached, 2)} on the test patients"
    return (
        f"did best on its validation patients with “{chosen.arm}” of all that needs no other "
        f"centre ({tested}{_over_nothing(study, column, chosen)}); "
        "no generator and no donor took part"
    )


def _over_nothing(study: Presented, column: Column, chosen: ChosenControl) -> str:
    """Say what the chosen control is shown to bring over the own patches alone."""
    for one in study.differences(column, METRIC):
        if one.arm == chosen.arm and one.against_role == "baseline":
            if one.verdict == "higher" and one.difference is not None:
                return f", {unsigned(one.difference, 2)} above its own patches alone"
            return ", not shown to be above its own patches alone"
    return ""


def _gains(study: Presented, column: Column) -> Iterator[tuple[str, bool]]:
    """Yield what each donor's lesions bring, and whether that is a gain."""
    found = [
        one
        for one in study.differences(column, METRIC)
        if one.against_role != "baseline" and study.arm(one.arm).role in ("synthetic", "real donor")
    ]
    real = [one for one in found if study.arm(one.arm).role == "real donor"]
    synthetic = [one for one in found if one not in real]
    told = [_told(study, one) for one in synthetic or real]
    yield from ((words, is_gain) for words, is_gain in told if words)
    unshown = [one for one, (words, _) in zip(synthetic or real, told, strict=True) if not words]
    if unshown:
        yield _not_shown(study, unshown), False
    if synthetic and not any(is_gain for _, is_gain in told):
        yield from ((_real_gain(study, one), False) for one in real if one.verdict == "higher")


def _told(study: Presented, one: Difference) -> tuple[str, bool]:
    """Return what is shown of one arm, "" for nothing, and whether it is a gain."""
    if one.difference is None or one.verdict not in ("higher", "lower"):
        return "", False
    by, source = unsigned(abs(one.difference), 2), _source(study, one)
    if one.verdict == "lower":
        return f"loses {by} AUROC by {source}", False
    return f"gains {by} AUROC from {source}{_share(study, one)}", True


def _real_gain(study: Presented, one: Difference) -> str:
    return f"{_source(study, one)} would gain it {unsigned(one.difference, 2)}"


def _not_shown(study: Presented, unshown: Sequence[Difference]) -> str:
    sources = listed([_source(study, one) for one in unshown])
    if all(one.verdict in ("too few seeds", "undefined") for one in unshown):
        why = unshown[0].reason or "no AUROC to compare"
        return f"gets no verdict on what {sources} would bring: {why}"
    sizes = [one.smallest_detectable for one in unshown if one.smallest_detectable is not None]
    least = f" (a gain below {unsigned(max(sizes), 2)} could be missed)" if sizes else ""
    return f"is not shown to gain from {sources}{least}"


def _source(study: Presented, one: Difference) -> str:
    """Return such as "centre-b's generator" or "real lesions of centre-b"."""
    arm = study.arm(one.arm)
    twins = [
        other
        for other in study.result.arms
        if other != arm and other.role == arm.role and other.donors == arm.donors
    ]
    named = f" (“{arm.name}”)" if twins else ""
    if arm.role == "real donor":
        return f"real lesions of {listed(arm.donors)}{named}"
    generators = "generator" if len(arm.donors) == 1 else "generators together"
    return f"{_owners(arm.donors)} {generators}{named}"


def _owners(donors: Sequence[str]) -> str:
    """Return "centre-b's", or "centre-b's and centre-c's"."""
    return listed([f"{donor}'s" for donor in donors])


def _share(study: Presented, one: Difference) -> str:
    """Return what the gain is of that of the real patches, where it can be told."""
    share = next((found for found in study.result.findings.recovered if _is_of(found, one)), None)
    if share is None or share.share is None:
        return ""
    return f", {percentage(round(share.share, 2))} of what the real patches gain"


def _is_of(share: RecoveredShare, one: Difference) -> bool:
    return (share.arm, share.classifier, share.train_fraction, share.control) == (
        *(one.arm, one.classifier, one.train_fraction, one.against),
    )

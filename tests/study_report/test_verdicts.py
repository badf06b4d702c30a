"""The first sentence of a report: what a receiver gains, in plain words, and no more."""

from typing import Any

from node_api.findings import ChosenControl, RecoveredShare, ShareInterval
from study_report.presented import Presented
from study_report.verdicts import verdict_sentences
from tests.study_report.made_up import (
    HEALTHY,
    NONE,
    REAL_B,
    REPEATED,
    B,
    C,
    a_difference,
    a_study,
)


def verdict(*differences: Any, **findings: Any) -> str:
    arms = findings.pop("arms", (NONE, HEALTHY, REPEATED, B, C, REAL_B))
    study: Presented = a_study(arms=arms, fractions=(1.0,), differences=differences, **findings)
    (sentence,) = verdict_sentences(study)
    return sentence.replace("\N{NO-BREAK SPACE}", " ")


def unshown(arm: str) -> Any:
    return a_difference(arm, gain=0.004).model_copy(
        update={"verdict": "no difference shown", "smallest_detectable": 0.031}
    )


def test_a_gain_comes_with_what_the_real_patches_would_give_and_the_others_after_it() -> None:
    share = RecoveredShare(
        classifier="cnn",
        train_fraction=1.0,
        arm="B",
        control=REPEATED.name,
        real=REAL_B.name,
        share=0.85,
        interval=ShareInterval(low=0.5, high=1.2),
        gain_of_real=0.08,
    )

    told = verdict(a_difference("B", gain=0.068), unshown("C"), recovered=(share,))

    assert told.endswith(
        "lesions of its own, gains 0.07 AUROC from centre-b's generator, 85 % of what the real "
        "patches gain; is not shown to gain from centre-c's generator (a gain below 0.03 could be "
        "missed)."
    )
    assert told.startswith("Centre-a, with ")


def test_a_loss_is_a_loss_and_real_patches_that_would_help_are_named() -> None:
    lost = a_difference("B", gain=-0.04)

    told = verdict(lost, a_difference("Real B", gain=0.06))

    assert "loses 0.04 AUROC by centre-b's generator" in told
    assert "real lesions of centre-b would gain it 0.06" in told
    assert "gains" not in told


def test_few_seeds_are_no_gain() -> None:
    judged = a_difference("B", gain=0.2).model_copy(
        update={"verdict": "too few seeds", "reason": "a verdict needs 5 seeds, and there are 3"}
    )

    told = verdict(judged)

    assert (
        "gets no verdict on what centre-b's generator would bring: a verdict needs 5 seeds" in told
    )


def test_a_study_without_donors_says_what_the_centre_can_do_alone() -> None:
    control = ChosenControl(
        classifier="cnn", train_fraction=1.0, arm=REPEATED.name, candidates={REPEATED.name: 0.9}
    )

    gain = a_difference(REPEATED.name, gain=0.1).model_copy(
        update={"against": NONE.name, "against_role": "baseline"}
    )
    alone = {"arms": (NONE, HEALTHY, REPEATED), "controls": (control,)}

    told = verdict(gain, **alone)
    unsure = verdict(gain.model_copy(update={"verdict": "no difference shown"}), **alone)

    assert "validation patients with “own lesions repeated” of all that needs no other" in told
    assert "on the test patients, 0.10 above its own patches alone)" in told
    assert "on the test patients, not shown to be above its own patches alone)" in unsure
    assert "no generator and no donor took part" in told

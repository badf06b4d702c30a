"""What the summary says follows from the findings, and is never more than they say."""

from dataclasses import replace
from typing import Any

import pytest

from node_api.classifier_training import ClassifierTraining
from node_api.findings import ArmFacts, ChosenControl, FailedRun, RecoveredShare, ShareInterval
from node_api.studies import StudyConfiguration
from study_report.presented import Presented
from study_report.sentences import study_sentences
from tests.study_report.made_up import (
    ARMS,
    BOTH,
    HEALTHY,
    NONE,
    REAL_B,
    REPEATED,
    B,
    C,
    a_difference,
    a_study,
)

FEW = "a verdict needs 5 seeds, and there are 3"


GAIN_OF_REAL = a_difference("Real B", gain=0.06)


def said(study: Presented) -> str:
    return " ".join(study_sentences(study)).replace("\N{NO-BREAK SPACE}", " ")


def a_share(
    share: float | None, low: float | None, high: float | None, reason: str | None
) -> RecoveredShare:
    return RecoveredShare(
        classifier="cnn",
        train_fraction=1.0,
        arm="B",
        control=REPEATED.name,
        real=REAL_B.name,
        share=share,
        interval=None if share is None else ShareInterval(low=low, high=high),
        gain_of_real=0.06,
        reason=reason,
    )


def small(**findings: Any) -> Presented:
    """Return a study of one classifier, one training share and five arms."""
    arms = (NONE, HEALTHY, REPEATED, B, REAL_B)
    return a_study(arms=arms, fractions=(1.0,), **findings)


def test_equal_steps_are_told_where_the_arms_have_them() -> None:
    study = small()
    training = ClassifierTraining(steps=500)
    in_steps = replace(
        study,
        configuration=study.configuration.model_copy(update={"classifier_training": training}),
    )

    told = "Each took 500 steps of training, however many patches its arm adds."
    assert told in said(in_steps)
    assert "of training, however many" not in said(study)


def test_a_study_says_how_patches_were_cut_and_those_of_donors_with_their_own_way() -> None:
    study = small()
    asked = StudyConfiguration.model_validate(
        {
            **study.configuration.model_dump(exclude={"patches", "arms"}),
            "patches": {
                "margin_mm": 4.2,
                "smallest_side_px": 32,
                "healthy_from": "all_mammograms",
                "healthy_brightness": "as_lesions",
                "tissue": "breast_mask",
            },
            "arms": [{"name": "Real B", "real_donors": ["centre-b"]}],
            "donor_cuttings": {"centre-b": {"margin_px": 21}},
        }
    )

    own = "Patches were cut around real lesions with a margin of"
    assert (
        f"{own} 60 px and a smallest side of 128 px. Healthy patches are from mammograms without "
        "any annotation; as tissue counts pixels above 10 of 255." in said(study)
    )
    assert (
        f"{own} 4.2 mm and a smallest side of 32 px, and those of centre-b with a margin of 21 px "
        "and a smallest side of 32 px. Healthy patches are from all mammograms, beside every "
        "annotation, as bright as lesions; as tissue counts what lies in the breast."
        in said(replace(study, configuration=asked))
    )


def test_warnings_of_a_study_stand_in_its_summary() -> None:
    study = small()
    warned = study.result.model_copy(update={"warnings": ("a classifier may learn the margin",)})

    assert "A classifier may learn the margin. The intervals" in said(replace(study, result=warned))
    assert "warnings" not in study.result.model_dump()


def test_the_recovered_share_is_the_first_thing_that_is_said() -> None:
    study = small(recovered=(a_share(0.62, 0.35, 0.88, None),), differences=(GAIN_OF_REAL,))

    assert said(study).startswith(
        "Of what real patches of centre-b bring, its synthetic lesions recover 62 % (35 to 88). "
        "The recovered share is what they gain in AUROC over the control (“own lesions repeated”)"
    )


def test_a_share_whose_interval_reaches_nought_is_not_called_a_recovery() -> None:
    text = said(small(recovered=(a_share(0.3, -0.2, 0.8, None),)))

    assert "recover 30 % (\N{MINUS SIGN}20 to 80)" in text
    assert "Where that interval reaches 0, it is not shown that they recover anything." in text


def test_a_share_without_bounds_of_an_earlier_version_is_said_to_fit_any() -> None:
    text = said(small(recovered=(a_share(0.8, None, None, None),)))

    assert "recover 80 % (unbounded)" in text
    assert "Where that interval is unbounded, any share fits the data" in text
    assert "reaches 0" not in text


@pytest.mark.parametrize("verdict", ["no difference shown", "too few seeds"])
def test_a_share_of_a_gain_that_is_not_shown_is_a_hint(verdict: str) -> None:
    gain = a_difference("Real B", gain=0.06, verdict=verdict)
    shown, unshown = (
        said(small(recovered=(a_share(0.62, 0.35, 0.88, None),), differences=(one,)))
        for one in (GAIN_OF_REAL, gain)
    )

    assert "(“Real B”) is itself not shown by the corrected test" in unshown
    assert "itself not shown" not in shown


def test_an_undefined_share_is_explained_and_has_no_number() -> None:
    text = said(small(recovered=(a_share(None, 0, 0, "the real patches show no gain"),)))

    assert text.startswith(
        "Synthetic lesions of centre-b: how much they recover cannot be said, for the real patches "
        "show no gain."
    )
    assert "The recovered share is" not in text


@pytest.mark.parametrize(
    ("arms", "missing"),
    [
        ((NONE, REPEATED, B), "no arm of the study adds them"),
        ((NONE, B, REAL_B), "the study has no control arm to measure the gain from"),
        ((NONE, REPEATED, C, REAL_B), "no arm adds real patches of just those centres"),
    ],
)
def test_what_a_recovered_share_lacks_is_named(arms: tuple[ArmFacts, ...], missing: str) -> None:
    study = a_study(arms=arms, fractions=(1.0,))

    assert f"cannot be said: {missing}" in said(study)


def test_two_classifiers_stand_in_one_sentence() -> None:
    first = study_sentences(a_study(classifiers=("cnn", "swin"), fractions=(1.0,)))[0]

    assert first.count("with CNN") == first.count("with Swin") == 1


def test_a_share_of_a_small_training_set_is_said_where_that_of_the_whole_is_undefined() -> None:
    whole, few = 1.0, 0.05
    shares = tuple(
        a_share(share, 0.48, 1.06, reason).model_copy(update={"train_fraction": fraction})
        for fraction, share, reason in (
            (whole, None, "the real patches show no gain"),
            (few, 0.76, None),
        )
    )
    gain = GAIN_OF_REAL.model_copy(update={"train_fraction": few})

    text = said(a_study(fractions=(whole, few), recovered=shares, differences=(gain,)))

    assert text.startswith(
        "Of what real patches of centre-b bring, its synthetic lesions recover 76 % (48 to 106) "
        "with 5 % of the training patients. Synthetic lesions of centre-b: how much they recover "
        "with 100 % of the training patients cannot be said, for the real patches show no gain. "
        "The recovered share is"
    )
    assert "a hint and no more" not in text


def test_gains_that_are_not_shown_are_told_from_those_that_are() -> None:
    columns = [(name, share) for name in ("cnn", "swin") for share in (1.0, 0.5)]
    shares = tuple(
        a_share(0.62, 0.35, 0.88, None).model_copy(
            update={"classifier": name, "train_fraction": fraction}
        )
        for name, fraction in columns
    )
    study = a_study(classifiers=("cnn", "swin"), recovered=shares, differences=(GAIN_OF_REAL,))

    assert (
        "The gain of the real patches (“Real B”) with CNN (50 % of the training patients) and Swin "
        "(100 % and 50 % of the training patients) is itself not shown"
    ) in said(study)


def test_arms_of_the_same_donors_are_told_apart_by_name() -> None:
    twin = B.model_copy(update={"name": "B, WGAN-GP"})
    shares = tuple(
        a_share(share, 0.1, 0.9, None).model_copy(update={"arm": arm})
        for arm, share in (("B", 0.5), ("B, WGAN-GP", 0.6))
    )
    study = small(recovered=shares)
    result = study.result.model_copy(update={"arms": (*study.result.arms, twin)})

    text = said(Presented(study.configuration, result))

    assert "its synthetic lesions (“B”) recover 50 %" in text
    assert "its synthetic lesions (“B, WGAN-GP”) recover 60 %" in text


def test_doubts_stand_once_and_for_each_source_of_real_patches() -> None:
    doubtful = a_share(0.3, -0.2, 0.8, None)
    of_c = {"arm": "C", "real": "Real C"}
    shares = (doubtful, doubtful.model_copy(update=of_c))

    text = said(a_study(fractions=(1.0,), recovered=shares, differences=(GAIN_OF_REAL,)))

    assert text.count("Where that interval reaches 0") == 1
    assert text.count("itself not shown") == text.count("patches (“Real C”) is itself not") == 1


def test_a_shown_difference_comes_with_its_size_and_interval() -> None:
    text = said(small(differences=(a_difference(gain=0.04),)))

    assert (
        "Compared with the control (“own lesions repeated”), adding synthetic lesions raised the "
        "AUROC in the one comparison (“B” by +0.040, 95 % +0.016 to +0.064)."
    ) in text


def test_where_no_difference_is_shown_the_smallest_detectable_one_is_said() -> None:
    text = said(small(differences=(a_difference(gain=0.01), a_difference(against=NONE, gain=0.0))))

    assert "raised" not in text
    assert "lowered" not in text
    assert text.count("showed no difference in AUROC in the one comparison (“B”; the smallest") == 2
    assert "difference that this test could have shown is 0.034)" in text


def test_an_arm_that_does_harm_is_said_to() -> None:
    assert "lowered the AUROC in the one comparison (“B” by \N{MINUS SIGN}0.050" in said(
        small(differences=(a_difference(gain=-0.05),))
    )


def test_too_few_seeds_lead_to_no_verdict() -> None:
    unclear = a_difference(gain=0.2, verdict="too few seeds", reason=FEW, seeds=3)
    text = said(small(differences=(unclear,)))

    assert f"gets no verdict on its AUROC in the one comparison ({FEW})" in text
    assert "raised" not in text


def test_differences_are_counted_over_the_grid() -> None:
    text = said(a_study(classifiers=("cnn", "swin")))

    assert (
        "adding synthetic lesions raised the AUROC in 8 of 12 comparisons (“B” in 4 by +0.040 to "
        "+0.100 and “B + C” in 4 by +0.030 to +0.090) and showed no difference in AUROC in 4 of 12 "
        "comparisons (“C”;"
    ) in text


def a_control(arm: ArmFacts, fraction: float = 1.0, **reached: float) -> ChosenControl:
    return ChosenControl(
        classifier="cnn",
        train_fraction=fraction,
        arm=arm.name,
        candidates={arm.name: 0.84} | reached,
    )


def test_the_control_is_named_with_what_it_was_chosen_from_and_by() -> None:
    study = a_study(
        controls=(a_control(REPEATED, painted=0.8), a_control(HEALTHY, 0.5, painted=0.7))
    )

    assert (
        "The control is the best of the 3 arms beside the baseline that do without donors (“own "
        "lesions repeated”, “painted” and “extra healthy only”), the one with the highest mean "
        "AUROC on validation patients: “own lesions repeated” (0.840 there) [100 %] and “extra "
        "healthy only” (0.840 there) [50 %]."
    ) in said(study)


def test_a_single_control_was_not_chosen() -> None:
    text = said(small(controls=(a_control(REPEATED),)))

    assert (
        "The control is “own lesions repeated”, the only arm beside the baseline that does" in text
    )


def test_what_painting_brings_over_the_own_patches_alone_is_said() -> None:
    painted = ArmFacts(name="painted", role="painted control", lesions_added=9, healthy_added=9)
    gain = a_difference("painted", NONE, gain=0.05)

    text = said(a_study(arms=(NONE, painted), fractions=(1.0,), differences=(gain,)))

    assert (
        "Compared with its own patches alone (“none”), painting its own lesions on its own healthy "
        "tissue raised the AUROC in the one comparison"
    ) in text


def test_setting_and_prevalence_are_stated() -> None:
    text = said(small())

    assert "Centre-a trained 30 classifiers to tell patches with masses from healthy" in text
    assert "on the same 240 patches of patients that no training saw; 50 % of them show" in text


def test_both_trainings_of_a_run_whose_look_was_chosen_are_counted() -> None:
    chosen = REAL_B.model_copy(update={"harmonised": "validation", "harmonised_runs": (2, 6)})

    text = said(a_study(arms=(NONE, REPEATED, chosen), fractions=(1.0,)))

    assert "trained 24 classifiers to tell" in text
    assert "and tested 18 of them (of two with and without the own look the one that" in text


def test_failed_runs_are_said_to_be_missing() -> None:
    failed = FailedRun(classifier="cnn", train_fraction=1.0, arm="B", seed=3, problem="diverged")

    assert "1 run failed and is missing from the numbers of “B”" in said(a_study(failed=(failed,)))
    assert "failed" not in said(a_study())


def test_one_seed_is_no_ground_for_anything() -> None:
    text = said(a_study(arms=(NONE, B), seeds=1, differences=()))

    assert "no difference in these tables can be told from chance" in text


@pytest.mark.parametrize(
    ("arms", "unknown"),
    [
        ((NONE, REPEATED, REAL_B), "patients or other mammograms to train on: there was one"),
        ((NONE, B), "train on or another training of the generators: there was one of each."),
    ],
)
def test_what_the_intervals_do_not_speak_of_is_said(
    arms: tuple[ArmFacts, ...], unknown: str
) -> None:
    assert unknown in said(a_study(arms=arms))


@pytest.mark.parametrize("arms", [(NONE,), (HEALTHY, REPEATED), (B, BOTH), ARMS])
def test_any_set_of_arms_can_be_summed_up(arms: tuple[ArmFacts, ...]) -> None:
    sentences = study_sentences(a_study(arms=arms))

    assert all(sentence.endswith(".") and "None" not in sentence for sentence in sentences)

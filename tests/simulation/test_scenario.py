import json
from pathlib import Path
from typing import Any

import pytest

from node_api.held_out import HoldOut
from simulation.errors import ScenarioError
from simulation.plan import data_in_words, plan_json
from simulation.scenario import GeneratorScenario, Scenario, scenario_digest
from simulation.scenario_file import parse_scenario, read_scenario, shipped_scenarios

TEXT = """
title = "Two centres"

[centres.A]
name = "centre-a"
dataset = { format = "phantoms", style = "digital", patients = 12, seed = 1 DATASET }
patches = { margin_px = 7 }
threads = 2

[centres.B]
name = "centre-b"
dataset = { format = "coco", where = { official_split = "train" } }

[[generators]]
centre = "B"
name = "lesions"
title = "Lesions"
architecture = { image_size = 64, width = 16 }
training = { epochs = 3 TRAINING }
licence = "CC0 1.0"
use_terms = "Any use."
contact = "Desk"

[[studies]]
centre = "A"
image_size = 64
STUDY
arms = [ { name = "none" }, { name = "B", generators = ["B/lesions"] ARM } ]
"""


def scenario_text(**parts: str) -> str:
    text = TEXT
    for place in ("DATASET", "TRAINING", "STUDY", "ARM"):
        text = text.replace(place, parts.get(place, ""))
    return text.replace('"B/lesions"', parts.get("USES", '"B/lesions"'))


def scenario(**parts: str) -> Scenario:
    return parse_scenario(scenario_text(**parts), source="x")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            {"TRAINING": ", epoch = 3"},
            "x: unknown key 'epoch' in generators[1].training; did you mean 'epochs'?",
        ),
        (
            {"DATASET": ", heigth = 3"},
            "x: unknown key 'heigth' in centres.A.dataset.phantoms; did you mean",
        ),
        (
            {"ARM": ", generator = []"},
            "x: unknown key 'generator' in studies[1].arms[2]; did you mean 'generators'?",
        ),
        ({"STUDY": "sedes = [1]"}, "x: unknown key 'sedes' in studies[1]; did you mean 'seeds'?"),
        ({"STUDY": "classifiers = ["}, "x is not valid TOML: "),
        ({"STUDY": "seeds = [1, 1]"}, "x: every seed must be named once"),
        ({"STUDY": "image_size = 64"}, "x is not valid TOML: Cannot overwrite a value (at line "),
        ({"STUDY": "seeds = []"}, "x: studies[1].seeds: "),
        ({"STUDY": "patches = { margin_px = 3 }"}, "x: patches are set once for a centre, in cent"),
        ({"USES": '"C/lesions"'}, "x: the arm 'B' uses the generator 'C/lesions', but the generat"),
        ({"USES": '"B lesions"'}, "x: studies[1].arms[2].generators[1]: "),
        ({"ARM": ", extra_healthy = true"}, "x: an arm adds one kind of patches, not generators "),
    ],
)
def test_a_faulty_scenario_is_refused_with_one_sentence(
    parts: dict[str, str], message: str
) -> None:
    with pytest.raises(ScenarioError) as refusal:
        scenario(**parts)

    assert str(refusal.value).startswith(message)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"generators": ({"centre": "Z"},)},
            "the generator 'lesions' is of centre 'Z', but the centres are A, B",
        ),
        (
            {"studies": ({"centre": "Z"},)},
            "the study of 'all' is of centre 'Z', but the centres are A, B",
        ),
        (
            {"studies": ({"image_size": 32},)},
            "the study of 'all' has image_size 32, but its generator 'B/lesions' makes patches "
            "of 64 px",
        ),
        (
            {"studies": ({"task": "benign or malignant"},)},
            "the study of 'all' tells benign from malignant, but its generator 'B/lesions' cannot",
        ),
        (
            {"studies": ({"arms": [{"name": "none"}, {"name": "nothing"}]},)},
            "the study of 'all': the arms 'none' and 'nothing' differ in their names alone",
        ),
        ({"generators": ({}, {})}, "every generator must be named once, but 'B/lesions' is there"),
        ({"studies": ({}, {})}, "every study, by its lesions, must be named once, but 'all' is"),
        ({"centres": {"B": {"name": "centre-a"}}}, "every centre must be named once, but 'centre"),
        ({"centres": {"B": {"name": "hub"}}}, "no centre may be called 'hub'"),
    ],
)
def test_parts_that_contradict_each_other_are_refused(change: dict[str, Any], message: str) -> None:
    content = scenario().model_dump(mode="json")
    for study in content["studies"]:
        del study["patches"]
    for key, parts in change.items():
        if key == "centres":
            content[key]["B"] |= parts["B"]
        else:
            content[key] = [content[key][0] | part for part in parts]

    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        Scenario.model_validate(content)


def test_an_unknown_name_is_met_with_the_nearest_known_one() -> None:
    with pytest.raises(ScenarioError, match=r"\(paper, .*, real\); did you mean 'quick'\?"):
        read_scenario("quik")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ScenarioError, match="is not UTF-8 text"):
        read_scenario(str(tmp_path / "x.toml"))


def test_requests_carry_what_the_scenario_says() -> None:
    made = scenario()
    training = made.training_request(made.generators[0])
    study = made.study_request(made.studies[0], {"B/lesions": "0" * 64})

    assert (training.dataset, training.training.epochs, training.threads) == ("mammograms", 3, 1)
    assert (study.threads, study.study.patches.margin_px) == (2, 7)
    assert [arm.generators for arm in study.study.arms] == [(), ("0" * 64,)]


def test_seeds_that_a_scenario_does_not_give_are_known_so_that_it_can_be_repeated() -> None:
    silent = scenario()
    spoken = scenario(TRAINING=", seed = 5 }\nhold_out = { share = 0.3")

    for made, seed, share in ((silent, 0, None), (spoken, 5, 0.3)):
        request = made.training_request(made.generators[0])
        assert (request.training.seed, request.hold_out) == (seed, HoldOut(share=share, seed=0))


def test_the_digest_tells_scenarios_and_data_apart() -> None:
    one, other = scenario(), scenario(TRAINING=", seed = 9")

    assert scenario_digest(one, {}) == scenario_digest(scenario(), {})
    assert scenario_digest(one, {}) != scenario_digest(other, {})
    assert scenario_digest(one, {"B": "/x"}) != scenario_digest(one, {"B": "/y"})


@pytest.mark.parametrize("name", ["paper", "real"])
def test_a_shipped_scenario_is_sound_and_has_both_controls_and_both_donors(name: str) -> None:
    found = read_scenario(name)

    assert name in shipped_scenarios()
    for study in found.studies:
        assert study.centre == "A"
        assert [arm.extra_healthy for arm in study.arms[:3]] == [False, True, False]
        assert [arm.oversampled for arm in study.arms[:3]] == [False, False, True]
        donors = {frozenset(name[0] for name in arm.generators) for arm in study.arms}
        assert donors == {frozenset(), frozenset("B"), frozenset("C"), frozenset("BC")}
        assert any(arm.real_donors == ("B",) for arm in study.arms)


def test_the_privacy_scenario_compares_epsilons_of_the_same_patients_and_audits_all() -> None:
    found = read_scenario("privacy")
    (study,) = found.studies
    promises = [generator.training.privacy for generator in found.generators]

    assert [None if one is None else one.epsilon for one in promises] == [None, 50, 20, 10, 3]
    assert all(generator.audit is not None for generator in found.generators)
    assert len({generator.hold_out for generator in found.generators}) == 1
    alone = {arm.generators for arm in study.arms if arm.generators}
    assert alone == {(generator.reference,) for generator in found.generators}
    assert any(arm.real_donors == ("B",) for arm in study.arms)


def test_the_quick_scenario_asks_with_few_and_with_many_for_a_like_and_an_unlike_donor() -> None:
    found = read_scenario("quick")
    (study,) = found.studies
    looks = {label: centre.dataset.model_dump() for label, centre in found.centres.items()}

    assert found.labels_with_folder == ()
    assert {look.pop("seed") for look in looks.values()} == {11, 22, 33}
    assert looks["A"].pop("patients") < looks["B"].pop("patients")
    assert looks["A"] == looks["B"]
    assert looks["A"]["lesion_forms"] != looks["C"]["lesion_forms"]
    assert min(study.train_fractions) < 0.1
    assert max(study.train_fractions) == 1
    assert len(study.seeds) >= 5  # fewer lead to no verdict
    donors = {(arm.generators, arm.real_donors) for arm in study.arms}
    assert donors == {
        ((), ()),
        (("B/masses-dcgan",), ()),
        (("C/masses-dcgan",), ()),
        ((), ("B",)),
        ((), ("C",)),
    }
    assert [arm.name for arm in study.arms if arm.oversampled] == ["own lesions repeated"]


def test_the_paper_scenario_has_the_papers_arms_and_pools_its_dcgans_checkpoints() -> None:
    found = read_scenario("paper")

    for study in found.studies:
        kind = "lesions" if study.lesions == "all" else "masses"
        gans = {arm.name: [ref.removeprefix(f"{ref[0]}/{kind}-") for ref in arm.generators]
                for arm in study.arms}  # fmt: skip
        assert gans["Both (a)"] == ["wgan-gp", "dcgan"]
        assert gans["Both (b)"] == ["dcgan", "dcgan"]
    epochs = {g.reference: g.training.epochs for g in found.generators}
    assert (epochs["B/lesions-wgan-gp"], epochs["B/masses-wgan-gp"]) == (2700, 10000)
    assert {g.reference for g in found.generators if g.publish_ensemble} == {
        "B/lesions-dcgan",
        "B/masses-dcgan",
    }


def test_the_plan_counts_runs_and_parameters() -> None:
    made = read_scenario("paper")
    plan = json.loads(plan_json(made, {"A": "/a", "B": "/b", "C": "/c"}, digest="0" * 64))

    assert plan["generators"][0]["parameters"] == 12_784_512
    assert [study["runs"] for study in plan["studies"]] == [108, 108]
    assert made.trainings == 216
    assert [centre["data"] for centre in plan["centres"]] == [f"mammograms in /{x}" for x in "abc"]


def test_the_plan_says_how_phantoms_are_alike() -> None:
    found = read_scenario("quick")

    like, unlike = (data_in_words(found, label, None) for label in "BC")

    assert like == (
        "phantoms in digital style, 300 patients, round and spiculated lesions, seed 22"
    )
    assert unlike == "phantoms in film style, 100 patients, lobulated lesions, seed 33"


def test_the_real_scenario_asks_again_with_as_many_steps_for_every_arm() -> None:
    in_epochs, in_steps = read_scenario("real").studies

    assert (in_epochs.classifier_training.length, in_steps.classifier_training.length) == (
        "15 epochs",
        "500 steps",
    )
    assert set(in_steps.arms) < set(in_epochs.arms)
    assert set(in_steps.train_fractions) < set(in_epochs.train_fractions)
    same = {"image_size", "split_shares", "split_seed", "synthetic_patches"}
    assert in_steps.model_dump(include=same) == in_epochs.model_dump(include=same)


@pytest.mark.parametrize(
    ("changes", "files"),
    [
        ({}, 1),
        ({"epochs": 3000, "keep_weights_from_epoch": None}, 1),
        ({"epochs": 3000, "keep_weights_from_epoch": 1, "keep_weights_every_epochs": 5}, 601),
    ],
)
def test_an_ensemble_that_a_training_would_not_leave_is_refused_before_it_starts(
    changes: dict[str, Any], files: int
) -> None:
    found = scenario().generators[0].model_dump()
    ensemble = {**found, "publish_ensemble": True, "training": {**found["training"], **changes}}

    with pytest.raises(ValueError, match=f"needs 2 to 512 weight files.*leaves {files};"):
        GeneratorScenario.model_validate(ensemble)


def test_the_papers_training_leaves_an_ensemble_to_publish() -> None:
    found = scenario().generators[0].model_dump()
    training = {**found["training"], "epochs": 3000}

    GeneratorScenario.model_validate({**found, "publish_ensemble": True, "training": training})


@pytest.mark.parametrize(
    ("given", "instead", "message"),
    [
        ("CC0 1.0", "mine", "x: the hub would refuse B/lesions, its licence: it is no SPDX ident"),
        ("Any use.", "See /data/x", "x: the hub would refuse B/lesions, its use_terms: it holds"),
        ("Desk", "00482913", "x: the hub would refuse B/lesions, its contact: it holds what looks"),
    ],
)
def test_terms_that_the_hub_would_refuse_are_told_before_anything_is_trained(
    given: str, instead: str, message: str
) -> None:
    with pytest.raises(ScenarioError) as refusal:
        parse_scenario(scenario_text().replace(f'"{given}"', f'"{instead}"'), source="x")

    assert str(refusal.value).startswith(message)


REAL_B = {"ARM": ' }, { name = "Real B", real_donors = ["B"]'}


def test_a_donors_cutting_is_said_by_label_and_asked_of_the_node_by_name() -> None:
    study = 'may_see = ["B"]\ndonor_cuttings = { B = { margin_px = 20, smallest_side_px = 48 } }'
    made = scenario(STUDY=study, **REAL_B)

    asked = made.study_request(made.studies[0], {"B/lesions": "b" * 64}).study

    assert list(asked.donor_cuttings) == ["centre-b"]
    assert asked.donor_patches("centre-b").margin_px == 20
    assert asked.patches.margin_px == 7
    assert "donor_cuttings" not in scenario().studies[0].model_dump()


def test_a_cutting_of_a_centre_that_is_no_donor_is_refused() -> None:
    with pytest.raises(ScenarioError, match="donor_cuttings has 'B', but no arm adds real"):
        scenario(STUDY="donor_cuttings = { B = { margin_px = 20 } }")

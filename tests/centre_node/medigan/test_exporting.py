import json
from pathlib import Path
from typing import Any

import pytest

from centre_node.medigan.exporting import medigan_json, medigan_metadata
from shared.cards import Loss, ModelCard, Origin, Training, TrainingSet
from tests.packages import (
    a_fidelity_report,
    tiny_contents,
    write_tiny_ensemble,
    write_tiny_package,
)

TEMPLATE = {
    "execution": "package_name package_link model_name extension image_size dependencies "
    "generate_method",
    "selection": "performance use_cases organ modality vendors centres function condition dataset "
    "augmentations generates height width depth type license dataset_type privacy_preservation "
    "tags year",
    "description": "title provided_date trained_date provided_after_epoch version publication doi "
    "inputs comment",
}


def card(tmp_path: Path, **fields: Any) -> ModelCard:
    return write_tiny_package(tmp_path, **fields).card


def test_the_three_parts_have_the_fields_of_medigans_template(tmp_path: Path) -> None:
    document = medigan_metadata(card(tmp_path))

    assert {part: list(fields) for part, fields in document.items()} == {
        part: names.split() for part, names in TEMPLATE.items()
    }


def test_what_the_card_knows_is_said_and_what_it_does_not_is_null(tmp_path: Path) -> None:
    document = json.loads(medigan_json(card(tmp_path)))["centre-b_lesions-dcgan"]

    execution, selection = document["execution"], document["selection"]
    assert (execution["model_name"], execution["extension"]) == ("weights", ".safetensors")
    assert execution["image_size"] == [16, 16]
    assert execution["generate_method"]["name"] is None
    assert execution["generate_method"]["input_latent_vector_size"] == 4
    assert (selection["dataset"], selection["license"]) == (["phantoms"], "CC0 1.0")
    assert (selection["type"], selection["height"], selection["width"]) == ("DCGAN", 16, 16)
    assert selection["generates"] == ["mass", "mass ROIs"]
    assert selection["privacy_preservation"].startswith("none: No formal privacy guarantee")
    assert set(selection["performance"]) > {"FID", "SSIM", "turing_test"}
    assert selection["performance"]["FID"] is None
    assert document["description"]["provided_after_epoch"] == 1
    assert document["description"]["publication"] is None
    assert "12 patches of 9 patients" in document["description"]["comment"]


def test_an_ensemble_has_no_one_weight_file_to_name(tmp_path: Path) -> None:
    ensemble = write_tiny_ensemble(tmp_path, tiny_contents(3)).card

    execution = medigan_metadata(ensemble)["execution"]

    assert (execution["model_name"], execution["extension"]) == (None, None)


@pytest.mark.parametrize(
    ("loss", "kind"), [("dcgan", "DCGAN"), ("wgan-gp", "WGAN-GP"), ("relativistic", "R3GAN")]
)
def test_the_type_is_that_of_the_loss(tmp_path: Path, loss: Loss, kind: str) -> None:
    training = Training(loss=loss, epochs=2, batch_size=2, seed=0, genshare_version="0.1.0")

    assert medigan_metadata(card(tmp_path, training=training))["selection"]["type"] == kind


def test_unknown_counts_are_called_unknown(tmp_path: Path) -> None:
    counts = TrainingSet(data_set="BCDR", lesion_kinds=("mass",), patients=None, patches=None)

    comment = medigan_metadata(card(tmp_path, training_set=counts))["description"]["comment"]

    assert comment.startswith("Trained on an unknown number of patches of an unknown number of pat")


@pytest.mark.parametrize(("patches", "said"), [(40, True), (10, False)])
def test_measured_fidelity_is_in_the_comment_and_no_fid_is_made_of_it(
    tmp_path: Path, patches: int, said: bool
) -> None:
    document = medigan_metadata(card(tmp_path, fidelity=a_fidelity_report(patches)))

    sentence = "in 558 features (radiomics): 6.5; of real patches to each other: 0.01."
    assert (sentence in document["description"]["comment"]) is said
    assert document["selection"]["performance"]["FID"] is None


def test_a_generator_that_came_from_medigan_keeps_its_id_and_publications(tmp_path: Path) -> None:
    origin = Origin(
        catalogue="medigan",
        model_id="00002_DCGAN_MMG_MASS_ROI",
        version="0.0.1",
        publication="Alyafi et al. 2020",
        dois=("10.5281/zenodo.5188557",),
    )

    document = json.loads(medigan_json(card(tmp_path, origin=origin)))

    description = document["00002_DCGAN_MMG_MASS_ROI"]["description"]
    assert description["version"] == "0.0.1"
    assert description["publication"] == "Alyafi et al. 2020"
    assert description["doi"] == ["10.5281/zenodo.5188557"]

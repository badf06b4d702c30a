import json
from typing import Any

import pytest

from centre_node.medigan.errors import MediganMetadataError
from centre_node.medigan.known_models import KNOWN_MODELS
from centre_node.medigan.metadata import Metadata, read_metadata
from tests.centre_node.medigan.layouts import metadata

OPTIMAM, BCDR, _ = KNOWN_MODELS
ONE = metadata("00002_DCGAN_MMG_MASS_ROI", "malign_mass_gen", "")
ALONE = ONE["00002_DCGAN_MMG_MASS_ROI"]


def read(document: Any) -> Metadata:
    return read_metadata(json.dumps(document).encode(), OPTIMAM)


def test_a_model_is_found_among_many_and_alone() -> None:
    many = {**metadata("00001_DCGAN_MMG_CALC_ROI", "DCGAN", ".pt"), **ONE}

    assert read(many) == read(ONE) == read(ALONE)
    assert read(many).description.doi == ("10.5281/zenodo.5188557", "10.1117/12.2543506")
    assert read(many).selection.licence == "MIT"


@pytest.mark.parametrize("nothing", [None, ""])
def test_what_medigans_template_leaves_empty_is_not_known(nothing: str | None) -> None:
    fields = ("title", "version", "publication", "doi", "provided_after_epoch")
    document = metadata("00002_X", "malign_mass_gen", "", **dict.fromkeys(fields, nothing))

    description = read(document).description

    assert (description.title, description.version, description.publication) == (None,) * 3
    assert (description.doi, description.provided_after_epoch) == ((), None)


def test_one_string_stands_for_a_list_of_one() -> None:
    document = metadata("00002_X", "malign_mass_gen", "", doi="10.1117/12.2543506")

    assert read(document).description.doi == ("10.1117/12.2543506",)


def test_parts_that_are_missing_are_not_known() -> None:
    only = read({"execution": ALONE["execution"]})

    assert (only.selection.dataset, only.selection.licence) == ((), None)


def test_a_number_that_another_release_gave_another_model_is_noticed() -> None:
    document = metadata("00005_GAN_inpainting_CT_spine_ROI", "BICEPS", ".pt")

    with pytest.raises(MediganMetadataError, match=r"the file 'BICEPS\.pt', but 00005 is 500\.pt"):
        read_metadata(json.dumps(document).encode(), BCDR)


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ([], "no object"),
        ({}, "speak of no model"),
        (metadata("00001_X", "DCGAN", ".pt"), "nothing on 00002; they speak of '00001_X'"),
        ({"00002_X": 7}, "metadata of 00002 are wrong"),
        ({"00002_X": {"execution": {}}}, r"execution\.model_name"),
        ({"execution": {"model_name": ["a"]}}, r"execution\.model_name"),
        (
            metadata("00002_X", "malign_mass_gen", "", provided_after_epoch="best"),
            r"description\.provided_after_epoch",
        ),
    ],
)
def test_what_is_no_metadata_of_the_model_is_one_sentence(document: Any, sentence: str) -> None:
    with pytest.raises(MediganMetadataError, match=sentence) as raised:
        read(document)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[" * 100_000, b"{"])
def test_what_is_no_json_is_one_sentence(content: bytes) -> None:
    with pytest.raises(MediganMetadataError, match="no JSON"):
        read_metadata(content, OPTIMAM)

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.architectures import OPTIMAM_DCGAN, ResidualArchitecture
from shared.cards import Loss, ModelCard, Origin
from shared.names import FileName, Name, Text
from shared.packages import canonical_json
from tests.packages import tiny_contents, write_tiny_ensemble, write_tiny_package

PUBLISHED_BEFORE_ORIGINS = (
    b'{"architecture":{"image_size":16,"kind":"dcgan","latent_size":4,"width":4},'
    b'"centre":"centre-b","contact":"tests","fidelity":null,"licence":"CC0 1.0",'
    b'"name":"lesions-dcgan","pixel_range":[-1.0,1.0],"privacy":{"method":"none",'
    b'"statement":"No formal privacy guarantee: the weights may reveal something of the '
    b'training patches."},"schema_version":1,"title":"Tiny","training":{"batch_size":2,'
    b'"epochs":1,"genshare_version":"0.1.0","loss":"dcgan","seed":0},'
    b'"training_set":{"data_set":"phantoms","lesion_kinds":["mass"],"patches":12,'
    b'"patients":9,"pixel_spacing_mm":null},"use_terms":"Tests","weights":[{"epoch":null,'
    b'"name":"weights.safetensors",'
    b'"sha256":"eb82fbfc20b69013ea7894b820ec2fd3d67c3628c13a4574ef5b369106400b46",'
    b'"share":null,"size_bytes":5547}]}'
)
"""A card.json as it was published before a card had an origin and a DCGAN its channels."""


def _accepts(kind: Any, value: str) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "value", "accepted"),
    [
        (Name, "a", True),
        (Name, "centre-b", True),
        (Name, "x" * 63, True),
        (Name, "x" * 64, False),
        (Name, "Centre", False),
        (Name, "-a", False),
        (Name, "a-", False),
        (Name, "a\n", False),
        (Name, "../a", False),
        (Name, "", False),
        (FileName, "weights.safetensors", True),
        (FileName, "..", False),
        (FileName, ".hidden", False),
        (FileName, "a/b", False),
        (FileName, "a\\b", False),
        (FileName, "a\0", False),
        (FileName, "a\n", False),
        (Text, "Masses (64 px), 1.0: tests@example.org", True),
        (Text, "Hôpital Général", True),
        (Text, "<script>", False),
        (Text, "two\nlines", False),
        (Text, "\x1b[31m", False),
        (Text, "", False),
        (Text, "x" * 301, False),
    ],
)
def test_only_short_printable_strings_cross_the_border(
    kind: Any, value: str, accepted: bool
) -> None:
    assert _accepts(kind, value) is accepted


def test_a_card_read_back_is_the_same(tmp_path: Path) -> None:
    card = write_tiny_package(tmp_path).card

    assert ModelCard.model_validate_json(canonical_json(card)) == card


def test_a_card_says_plainly_that_privacy_is_not_guaranteed(tmp_path: Path) -> None:
    assert write_tiny_package(tmp_path).card.privacy.statement.startswith("No formal privacy")


@pytest.mark.parametrize(
    ("where", "change"),
    [
        ((), {"patient_ids": ["P1"]}),
        (("training_set",), {"patients": 4}),
        (("training_set",), {"patches": 4}),
        (("training_set",), {"lesion_kinds": []}),
        (("training_set",), {"pixel_spacing_mm": float("nan")}),
        (("architecture",), {"kind": "python"}),
        (("architecture",), {"code": "import os"}),
        (("training",), {"loss": "hinge"}),
        ((), {"schema_version": 2}),
        ((), {"weights": []}),
    ],
)
def test_a_card_with_anything_else_is_refused(
    tmp_path: Path, where: tuple[str, ...], change: dict[str, Any]
) -> None:
    document = json.loads(canonical_json(write_tiny_package(tmp_path).card))
    part = document
    for key in where:
        part = part[key]
    part.update(change)

    with pytest.raises(ValidationError, match=next(iter(change))):
        ModelCard.model_validate(document)


@pytest.mark.parametrize("loss", ["dcgan", "wgan-gp", "relativistic"])
def test_a_card_names_any_loss_and_any_architecture(tmp_path: Path, loss: Loss) -> None:
    card = write_tiny_package(tmp_path).card
    training = card.training.model_copy(update={"loss": loss})
    changed = card.model_copy(
        update={"training": training, "architecture": ResidualArchitecture(image_size=16)}
    )

    assert ModelCard.model_validate_json(canonical_json(changed)) == changed


def test_shares_of_an_ensemble_add_up_to_one(tmp_path: Path) -> None:
    card = write_tiny_ensemble(tmp_path, tiny_contents(3), shares=(0.5, 0.25, 0.25)).card

    assert [file.share for file in card.weights] == [0.5, 0.25, 0.25]
    assert ModelCard.model_validate_json(canonical_json(card)) == card


@pytest.mark.parametrize("shares", [(0.5, 0.25, 0.5), (0.5, 0.5, None), (None, None, 1.0)])
def test_shares_that_some_files_lack_or_that_are_not_all_are_refused(
    tmp_path: Path, shares: tuple[float | None, ...]
) -> None:
    card = write_tiny_ensemble(tmp_path, tiny_contents(3)).card.model_dump(mode="json")
    for file, share in zip(card["weights"], shares, strict=True):
        file["share"] = share

    with pytest.raises(ValidationError, match="every weight file must have a share"):
        ModelCard.model_validate(card)


def test_a_card_written_before_ensembles_can_be_read(tmp_path: Path) -> None:
    card = write_tiny_package(tmp_path).card
    old = card.model_dump(mode="json")
    for name in ("epoch", "share"):
        del old["weights"][0][name]

    assert ModelCard.model_validate(old) == card


def test_a_card_published_before_origins_is_the_same_text_when_written_again() -> None:
    digest = hashlib.sha256(PUBLISHED_BEFORE_ORIGINS).hexdigest()
    assert digest == "86d5c5ddc957ad6b56a5ce9292e417ce1319b354779ea4dc5b3f9fb6ece4ea77"

    card = ModelCard.model_validate_json(PUBLISHED_BEFORE_ORIGINS)

    assert canonical_json(card) == PUBLISHED_BEFORE_ORIGINS
    assert (card.origin, card.training_set.patients) == (None, 9)


def test_what_a_card_says_beyond_the_defaults_is_written_and_read_back(tmp_path: Path) -> None:
    card = write_tiny_package(
        tmp_path,
        origin=Origin(catalogue="medigan", model_id="00002_DCGAN"),
        pixel_range=(0.0, 1.0),
    ).card
    other = card.model_copy(update={"architecture": OPTIMAM_DCGAN})

    for one in (card, other):
        assert ModelCard.model_validate_json(canonical_json(one)) == one
    assert b'"activation":"leaky_relu"' in canonical_json(other)
    assert b'"origin":{"catalogue":"medigan"' in canonical_json(card)


@pytest.mark.parametrize("pixel_range", [(0.0, 0.0), (1.0, -1.0), (-2.0, 1.0), (0.0, 255.0)])
def test_a_pixel_range_that_no_generator_can_draw_in_is_refused(
    tmp_path: Path, pixel_range: tuple[float, float]
) -> None:
    document = json.loads(canonical_json(write_tiny_package(tmp_path).card))

    with pytest.raises(ValidationError, match="pixel_range must rise"):
        ModelCard.model_validate(document | {"pixel_range": pixel_range})


def test_a_card_may_say_that_something_is_not_known_but_not_leave_it_out(tmp_path: Path) -> None:
    document = json.loads(canonical_json(write_tiny_package(tmp_path).card))
    document["training_set"] |= {"patients": None, "patches": None}
    document["training"] |= dict.fromkeys(("epochs", "batch_size", "seed", "genshare_version"))

    assert ModelCard.model_validate(document).training_set.patients is None
    del document["training_set"]["patients"]
    with pytest.raises(ValidationError, match="patients"):
        ModelCard.model_validate(document)

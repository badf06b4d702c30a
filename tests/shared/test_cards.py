import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.architectures import ResidualArchitecture
from shared.cards import Loss, ModelCard
from shared.names import FileName, Name, Text
from shared.packages import canonical_json
from tests.packages import tiny_contents, write_tiny_ensemble, write_tiny_package


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


def test_a_card_may_say_that_something_is_not_known_but_not_leave_it_out(tmp_path: Path) -> None:
    document = json.loads(canonical_json(write_tiny_package(tmp_path).card))
    document["training_set"] |= {"patients": None, "patches": None}
    document["training"] |= dict.fromkeys(("epochs", "batch_size", "seed", "genshare_version"))

    assert ModelCard.model_validate(document).training_set.patients is None
    del document["training_set"]["patients"]
    with pytest.raises(ValidationError, match="patients"):
        ModelCard.model_validate(document)

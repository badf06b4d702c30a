import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import CardRefusedError, DigestMismatchError, ImpossibleWeightsError
from shared.packages import Manifest, ManifestFile, canonical_json
from shared.publishable import card_to_publish, check_publishable
from tests.packages import (
    TINY,
    a_fidelity_report,
    safetensors_bytes,
    write_tiny_ensemble,
    write_tiny_package,
)

FILES = st.builds(
    ManifestFile,
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", fullmatch=True),
    size_bytes=st.integers(1, 2**53 - 1),
    sha256=st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.lists(FILES, min_size=2, max_size=5))
def test_a_manifests_one_text_is_that_of_rfc_8785(files: list[ManifestFile]) -> None:
    manifest = Manifest(files=tuple(files))

    assert canonical_json(manifest) == rfc8785.dumps(manifest.model_dump(mode="json"))


def test_a_cards_one_text_differs_from_rfc_8785_in_numbers_alone(tmp_path: Path) -> None:
    card = write_tiny_package(tmp_path, fidelity=a_fidelity_report(), contact="Köln, \u010dt").card

    without_numbers = json.loads(canonical_json(card), parse_float=str, parse_int=str)

    quoted = json.dumps(
        without_numbers, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()
    assert quoted == rfc8785.dumps(without_numbers)
    assert json.loads(rfc8785.dumps(card.model_dump(mode="json"))) == json.loads(
        canonical_json(card)
    )


def test_a_card_that_genshare_wrote_is_published(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path, fidelity=a_fidelity_report())

    assert card_to_publish((package.folder / "card.json").read_bytes()) == package.card
    check_publishable(package)


def _text(change: Callable[[str], str]) -> Callable[[bytes], bytes]:
    return lambda content: change(content.decode()).encode()


def _document(**changes: Any) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        document = json.loads(content) | changes
        return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()

    return change


NOT_AS_WRITTEN = "is not written as genshare writes a card"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_text(lambda text: " " + text), NOT_AS_WRITTEN),
        (_text(lambda text: text.replace(":", ": ", 1)), NOT_AS_WRITTEN),
        (_text(lambda text: text.replace("Tiny", "T\\u0069ny")), NOT_AS_WRITTEN),
        (_text(lambda text: text.replace("[-1.0,1.0]", "[-1,1]")), NOT_AS_WRITTEN),
        (_text(lambda text: text.replace('"seed":0', '"seed":"0"')), NOT_AS_WRITTEN),
        (
            lambda text: json.dumps(dict(reversed(json.loads(text).items()))).encode(),
            NOT_AS_WRITTEN,
        ),
        (_text(lambda text: '{"title":"Anna",' + text[1:]), "has the same key twice"),
        (_text(lambda text: text.replace('"seed":0', '"seed":' + "1" * 4300)), "4300 digits"),
        (_document(patient="P1"), "patient: there is no such field"),
        (_document(title="born 1961-03-07"), "title is refused: it holds what looks like a date"),
        (_document(licence="mine"), "licence is refused: it is no SPDX identifier"),
        (lambda _: b"\xff", "is no readable JSON: it is not in UTF-8"),
        (lambda _: b"[" * 500 + b"]" * 500, "is no readable JSON: it is nested deeper than"),
        (lambda _: b"", "is no readable JSON: Expecting value"),
    ],
)
def test_a_card_in_any_other_text_is_refused(
    tmp_path: Path, change: Callable[[bytes], bytes], sentence: str
) -> None:
    content = (write_tiny_package(tmp_path).folder / "card.json").read_bytes()

    with pytest.raises(CardRefusedError, match=sentence) as refused:
        card_to_publish(change(content))

    assert "Anna" not in str(refused.value)
    assert "1961" not in str(refused.value)


def test_a_file_stands_in_a_package_once(tmp_path: Path) -> None:
    content = safetensors_bytes(TINY.generator_tensors())

    with pytest.raises(DigestMismatchError, match=r"^a and b are the same file; a package holds"):
        write_tiny_ensemble(tmp_path, {"a": content, "b": content})

    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_package_whose_card_may_not_leave_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(CardRefusedError, match="use_terms is refused: it holds what looks like a"):
        write_tiny_package(tmp_path, use_terms="see /data/patients")

    assert not (tmp_path / "package").exists()


def test_what_a_hub_would_refuse_of_a_package_is_found_before_it_is_sent(tmp_path: Path) -> None:
    negative = safetensors_bytes(TINY.generator_tensors(), -0.5)

    with pytest.raises(ImpossibleWeightsError, match=r"running_var of weights\.safetensors holds"):
        check_publishable(write_tiny_package(tmp_path, negative))

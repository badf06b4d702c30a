import hashlib
from pathlib import Path

import pytest

from shared.errors import BrokenPackageError, DigestMismatchError, PartlyFetchedError
from shared.packages import (
    Fetched,
    Manifest,
    ManifestFile,
    canonical_json,
    check_card_against_manifest,
    manifest_digest,
    open_package,
    sha256_of,
    verify_file,
    write_package,
)
from tests.packages import tiny_contents, write_tiny_ensemble, write_tiny_package

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
MANIFEST = Manifest(
    files=(
        ManifestFile(name="b", size_bytes=3, sha256=ABC),
        ManifestFile(name="a", size_bytes=3, sha256=ABC),
    )
)
CANONICAL = (
    f'{{"files":[{{"name":"b","sha256":"{ABC}","size_bytes":3}},'
    f'{{"name":"a","sha256":"{ABC}","size_bytes":3}}],"schema_version":1}}'
)


def test_the_sha256_of_abc_is_the_standards(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")

    assert sha256_of(tmp_path / "abc") == ABC
    verify_file(tmp_path / "abc", ManifestFile(name="abc", size_bytes=3, sha256=ABC))


def test_canonical_json_sorts_keys_keeps_order_and_has_no_blanks() -> None:
    assert canonical_json(MANIFEST).decode() == CANONICAL
    assert manifest_digest(MANIFEST) == hashlib.sha256(CANONICAL.encode()).hexdigest()


def test_a_package_opened_is_the_package_written(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path)

    assert open_package(package.folder) == package
    assert sorted(path.name for path in package.folder.iterdir()) == [
        "card.json",
        "manifest.json",
        "weights.safetensors",
    ]


def test_the_same_content_has_the_same_digest_anywhere(tmp_path: Path) -> None:
    one, two = write_tiny_package(tmp_path / "one"), write_tiny_package(tmp_path / "two")

    assert one.digest == two.digest
    assert write_tiny_package(tmp_path / "three", title="Other").digest != one.digest


def test_weights_that_are_not_the_cards_leave_no_folder(tmp_path: Path) -> None:
    card = write_tiny_package(tmp_path / "one").card
    other = tmp_path / "weights.safetensors"
    other.write_bytes(b"other")

    with pytest.raises(DigestMismatchError, match="exactly the card's weight files"):
        write_package(tmp_path / "two", [other], lambda _copies: card)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "weights.safetensors"]


@pytest.mark.parametrize("name", ["card.json", "weights.safetensors"])
def test_one_changed_byte_is_found(tmp_path: Path, name: str) -> None:
    path = write_tiny_package(tmp_path).folder / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)

    with pytest.raises(DigestMismatchError, match=rf"{name} has the SHA-256 \w+, but"):
        open_package(path.parent)


def test_a_truncated_file_is_found_by_its_size(tmp_path: Path) -> None:
    path = write_tiny_package(tmp_path).folder / "weights.safetensors"
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(DigestMismatchError, match=r"has \d+ bytes, but \d+ are declared"):
        open_package(path.parent)


@pytest.mark.parametrize("name", ["card.json", "manifest.json", "weights.safetensors"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    path = write_tiny_package(tmp_path).folder / name
    path.unlink()

    with pytest.raises(BrokenPackageError, match=name):
        open_package(path.parent)


@pytest.mark.parametrize("text", ["", "[]", '{"files": []}', '{"files": [], "secret": 1}'])
def test_an_unreadable_manifest_is_a_broken_package(tmp_path: Path, text: str) -> None:
    folder = write_tiny_package(tmp_path).folder
    (folder / "manifest.json").write_text(text)

    with pytest.raises(BrokenPackageError, match=r"manifest\.json: "):
        open_package(folder)


def test_a_file_beyond_the_declared_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abcd")

    with pytest.raises(DigestMismatchError, match="abc has 4 bytes, but 3 are declared"):
        verify_file(tmp_path / "abc", ManifestFile(name="abc", size_bytes=3, sha256=ABC))


@pytest.mark.parametrize("extra", ["other.bin", "manifest.json", "card.json", "fetched.json"])
def test_a_manifest_lists_the_card_and_the_weights_once_and_nothing_else(
    tmp_path: Path, extra: str
) -> None:
    package = write_tiny_package(tmp_path)
    more = ManifestFile(name=extra, size_bytes=3, sha256=ABC)
    manifest = Manifest(files=(*package.manifest.files, more))

    with pytest.raises(DigestMismatchError, match=f"it lists .*{extra}"):
        check_card_against_manifest(package.card, manifest)


def test_no_weight_file_is_called_like_the_manifest(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path)
    weights = package.card.weights[0].model_copy(update={"name": "manifest.json"})
    card = package.card.model_copy(update={"weights": (weights,)})
    listed = ManifestFile(**weights.model_dump(include=set(ManifestFile.model_fields)))
    manifest = Manifest(files=(package.manifest.files[0], listed))

    with pytest.raises(DigestMismatchError, match=r"it lists card\.json, manifest\.json"):
        check_card_against_manifest(card, manifest)


def _keep_only(folder: Path, *names: str) -> None:
    (folder / "fetched.json").write_bytes(canonical_json(Fetched(weights=names)))
    for path in folder.glob("*.safetensors"):
        if path.name not in names:
            path.unlink()


def test_an_ensemble_opened_has_every_file_in_the_cards_order(tmp_path: Path) -> None:
    contents = tiny_contents(12)

    package = open_package(write_tiny_ensemble(tmp_path, contents).folder)

    assert [file.name for file in package.weights] == list(contents)
    assert (package.is_whole, package.extent) == (True, "12 of 12 weight files")


def test_a_part_of_a_package_is_opened_only_where_a_part_will_do(tmp_path: Path) -> None:
    whole = write_tiny_ensemble(tmp_path, tiny_contents(3))
    _keep_only(whole.folder, "weights.safetensors")

    part = open_package(whole.folder, partly=True)

    assert part.digest == whole.digest
    assert part.weights == whole.weights[-1:]
    assert [file.name for file in part.files] == ["card.json", "weights.safetensors"]
    with pytest.raises(PartlyFetchedError, match="holds only 1 of 3 weight files"):
        open_package(whole.folder)


@pytest.mark.parametrize("partly", [True, False])
def test_a_lost_file_is_missed_whether_or_not_a_part_will_do(tmp_path: Path, partly: bool) -> None:
    folder = write_tiny_ensemble(tmp_path, tiny_contents(3)).folder
    (folder / "weights-epoch-0500.safetensors").unlink()

    with pytest.raises(BrokenPackageError, match=r"weights-epoch-0500\.safetensors is missing"):
        open_package(folder, partly=partly)


def test_a_fetched_file_that_is_lost_or_changed_is_found(tmp_path: Path) -> None:
    folder = write_tiny_ensemble(tmp_path, tiny_contents(3)).folder
    _keep_only(folder, "weights-epoch-0500.safetensors", "weights.safetensors")
    path = folder / "weights.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1

    path.write_bytes(content)
    with pytest.raises(DigestMismatchError, match=r"weights\.safetensors"):
        open_package(folder, partly=True)
    path.unlink()
    with pytest.raises(BrokenPackageError, match=r"weights\.safetensors is missing"):
        open_package(folder, partly=True)

import hashlib
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from signing.errors import KeyUnusableError
from signing.keys import KEY_FILE, key_of, make_key, read_key, read_public_key

OPENSSL = "openssl"


def test_a_key_is_its_owners_alone_and_its_name_is_that_of_its_file(tmp_path: Path) -> None:
    key = make_key(tmp_path / "keys" / "key.pem")
    public = tmp_path / "public.pem"
    public.write_text(key.public.pem)

    assert (tmp_path / "keys" / "key.pem").stat().st_mode & 0o777 == 0o600
    assert key.public.fingerprint == hashlib.sha256(public.read_bytes()).hexdigest()
    assert read_key(tmp_path / "keys" / "key.pem").public == key.public
    assert read_public_key(key.public.pem) == key.public
    assert "PRIVATE" not in key.public.pem


def test_openssl_reads_the_key(tmp_path: Path) -> None:
    key = make_key(tmp_path / "key.pem")

    told = subprocess.run(
        [OPENSSL, "pkey", "-in", tmp_path / "key.pem", "-pubout"], capture_output=True, check=True
    )

    assert told.stdout.decode() == key.public.pem


def test_a_key_is_not_replaced(tmp_path: Path) -> None:
    make_key(tmp_path / "key.pem")

    with pytest.raises(KeyUnusableError, match="is there already"):
        make_key(tmp_path / "key.pem")


def test_a_folder_has_one_key(tmp_path: Path) -> None:
    first, second = key_of(tmp_path), key_of(tmp_path)

    assert first.public == second.public == read_key(tmp_path / KEY_FILE).public


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    make_key(tmp_path / "key.pem")
    (tmp_path / "key.pem").chmod(0o640)

    with pytest.raises(KeyUnusableError, match="others may read"):
        read_key(tmp_path / "key.pem")


def test_what_is_no_key_of_ours_is_one_sentence(tmp_path: Path) -> None:
    private = generate_private_key(SECP384R1())
    encoding, form = Encoding.PEM, PrivateFormat.PKCS8
    files = {
        "is no key; a private key in PEM form": b"something else",
        "has a password": private.private_bytes(encoding, form, BestAvailableEncryption(b"x")),
        "another kind than ECDSA on the curve P-256": private.private_bytes(
            encoding, form, NoEncryption()
        ),
    }
    for said, content in files.items():
        (tmp_path / "key.pem").write_bytes(content)
        (tmp_path / "key.pem").chmod(0o600)
        with pytest.raises(KeyUnusableError, match=said):
            read_key(tmp_path / "key.pem")
    with pytest.raises(KeyUnusableError, match="cannot be read"):
        read_key(tmp_path / "nowhere.pem")
    with pytest.raises(KeyUnusableError, match="is a folder"):
        read_key(tmp_path)
    public = private.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(KeyUnusableError, match="another kind"):
        read_public_key(public.decode())
    with pytest.raises(
        KeyUnusableError, match="is no public key; a public key in PEM form is wanted"
    ):
        read_public_key("-----BEGIN")


def test_one_half_of_a_key_in_the_others_place_is_named(tmp_path: Path) -> None:
    key, public = make_key(tmp_path / "key.pem"), tmp_path / "public.pem"
    public.write_text(key.public.pem)

    with pytest.raises(KeyUnusableError, match=r"public\.pem is a public key; a private key"):
        read_key(public)
    with pytest.raises(KeyUnusableError, match=r"key\.pem is a private key, .*; a public key"):
        read_public_key(key.file.read_text(), name=str(key.file))

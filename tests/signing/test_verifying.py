"""A fetched folder is checked without a hub, its audit statement too."""

from pathlib import Path

import pytest

from shared.canonical import canonical_json
from shared.packages import SIGNATURE, STATEMENT_SIGNATURE, Package
from shared.statements import STATEMENT
from signing.errors import NotSignedError, SignatureRefusedError
from signing.keys import SigningKey
from signing.packages import sign_audit, sign_package
from signing.trust import Trust
from signing.verifying import verify_folder
from tests.packages import write_tiny_package
from tests.signing.made_up import a_key
from tests.statements import a_statement


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return write_tiny_package(tmp_path / "fetched")


def sign(package: Package, key: SigningKey) -> None:
    """Sign a package and what is said of its audit, and lay both beside it."""
    stated = a_statement(package.digest)
    said = {
        SIGNATURE: sign_package(key, package.card, package.manifest),
        STATEMENT: canonical_json(stated),
        STATEMENT_SIGNATURE: sign_audit(key, package.card, package.manifest, stated),
    }
    for name, content in said.items():
        (package.folder / name).write_bytes(content)


def test_an_edited_statement_is_not_what_its_centre_signed(package: Package) -> None:
    key = a_key()
    sign(package, key)
    file = package.folder / STATEMENT

    _, found = verify_folder(package.folder, Trust(), key.public)
    edited = a_statement(package.digest, verdict="inconclusive", decided_by=("audit",))
    file.write_bytes(canonical_json(edited))

    assert (found.is_trusted, found.remark) == (True, "")
    with pytest.raises(SignatureRefusedError, match=f"{STATEMENT} is not what its centre signed"):
        verify_folder(package.folder, Trust(), key.public)


def test_that_nobody_signed_the_statement_is_said_or_refused(package: Package) -> None:
    key = a_key()
    sign(package, key)
    (package.folder / STATEMENT_SIGNATURE).unlink()

    _, found = verify_folder(package.folder, Trust(), key.public)
    (package.folder / SIGNATURE).unlink()
    _, unsigned = verify_folder(package.folder, Trust(), None)
    sign(package, key)
    (package.folder / STATEMENT_SIGNATURE).unlink()

    assert found.is_trusted
    for one in (found, unsigned):
        assert f"warning: nobody signed its {STATEMENT}" in one.sentence
    with pytest.raises(NotSignedError, match=STATEMENT_SIGNATURE):
        verify_folder(package.folder, Trust(mode="enforce"), key.public)

"""The public tool of OpenSSF Model Signing reads what we sign, and we what it signs."""

import subprocess
import sys
from pathlib import Path

import pytest

from shared.packages import FETCHED, SIGNATURE, STATEMENT_SIGNATURE, Package
from shared.statements import STATEMENT
from signing.errors import SignatureRefusedError
from signing.keys import SigningKey, make_key
from signing.packages import check_package, sign_package
from tests.packages import A_PICTURE, tiny_contents, write_tiny_ensemble

TOOL = Path(sys.executable).with_name("model_signing")


def model_signing(action: str, package: Package, *options: str | Path) -> tuple[int, str]:
    command = [TOOL, action, "key", package.folder, "--signature", package.folder / SIGNATURE]
    told = [str(part) for part in (*command, *options)]
    done = subprocess.run(told, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def key(tmp_path: Path) -> SigningKey:
    key = make_key(tmp_path / "key.pem")
    (tmp_path / "public.pem").write_text(key.public.pem)
    return key


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return write_tiny_ensemble(tmp_path, tiny_contents(2), samples=A_PICTURE)


@pytest.mark.slow
def test_the_tool_accepts_our_package_and_no_other(
    tmp_path: Path, key: SigningKey, package: Package
) -> None:
    folder, public = package.folder, ("--public_key", tmp_path / "public.pem")
    (folder / SIGNATURE).write_bytes(sign_package(key, package.card, package.manifest))
    for beside in (FETCHED, STATEMENT, STATEMENT_SIGNATURE):
        (folder / beside).write_text("lies beside it")
    weights = folder / package.card.weights[0].name
    content = weights.read_bytes()

    whole = model_signing("verify", package, *public)
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    changed = model_signing("verify", package, *public)
    weights.unlink()
    left_out = model_signing("verify", package, *public)
    weights.write_bytes(content)
    (folder / "more.safetensors").write_bytes(content)
    added = model_signing("verify", package, *public)

    assert whole == (0, "Verification succeeded\n")
    assert (changed[0], left_out[0], added[0]) == (1, 1, 1)
    assert f"Hash mismatch for '{weights.name}'" in changed[1]
    assert f"Missing files in model 'package': {weights.name}" in left_out[1]
    assert "Extra files found in model 'package': more.safetensors" in added[1]


@pytest.mark.slow
def test_we_read_what_the_tool_signed(tmp_path: Path, key: SigningKey, package: Package) -> None:
    code, said = model_signing("sign", package, "--private_key", tmp_path / "key.pem")
    assert code == 0, said
    content = (package.folder / SIGNATURE).read_bytes()
    other = write_tiny_ensemble(tmp_path / "other", tiny_contents(3))

    check_package(content, key.public, package.manifest)
    with pytest.raises(SignatureRefusedError, match="of other files"):
        check_package(content, key.public, other.manifest)

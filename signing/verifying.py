"""A package in a folder, checked without a hub."""

from dataclasses import replace
from pathlib import Path

from shared.errors import BrokenPackageError
from shared.packages import MANIFEST, SIGNATURE, STATEMENT_SIGNATURE, Package, open_package
from shared.statements import STATEMENT, read_statement
from signing.bundles import read_bundle
from signing.errors import KeyNotTrustedError, NotSignedError, SignatureRefusedError
from signing.judging import Finding, unsigned
from signing.keys import PublicKey
from signing.packages import NOT_SIGNED, check_audit, check_package
from signing.trust import Trust, key_in


def verify_folder(folder: Path, trust: Trust, key: PublicKey | None) -> tuple[Package, Finding]:
    """Check every file of a package's folder, and who signed it and its audit statement.

    Args:
        key: The key that must have signed it; None: what the centre's mode asks for. A key that
            is not trusted is refused in every mode but `off`: without a hub, only its name is
            known, so that nothing can be checked.

    Raises:
        PackageError: A file is missing, changed, or not of the package.
        NotSignedError: There is no signature, and there must be one.
        KeyNotTrustedError, SignatureRefusedError: It is of another key, or wrong.
    """
    package = open_package(folder, partly=True)
    _check_nothing_else(package)
    return package, _finding(package, trust, key)


def _finding(package: Package, trust: Trust, key: PublicKey | None) -> Finding:
    file, centre = package.folder / SIGNATURE, package.card.centre
    if key is None and trust.mode_of(centre) == "off":
        return Finding(centre, None, "not looked at")
    if not file.is_file():
        if key is None and trust.mode_of(centre) == "warn":
            return _with_statement(package, trust, unsigned(trust, centre), None)
        raise NotSignedError(f"{package.folder} has no {SIGNATURE}: nobody signed it")
    content = file.read_bytes()
    if key is not None:
        check_package(content, key, package.manifest)
        return _with_statement(package, trust, Finding(centre, key.fingerprint, "pinned"), key)
    return _by_trusted_key(package, content, trust)


def _by_trusted_key(package: Package, content: bytes, trust: Trust) -> Finding:
    centre, signer = package.card.centre, read_bundle(content).signer
    for trusted in trust.of(centre).keys:
        if trusted.fingerprint == signer:
            public = key_in(trusted)
            if public is None:
                raise KeyNotTrustedError(
                    f"of the key {signer} of {centre} only the fingerprint is known here; give "
                    "the key itself with --key"
                )
            check_package(content, public, package.manifest)
            return _with_statement(package, trust, Finding(centre, signer, trusted.how), public)
    raise KeyNotTrustedError(
        f"{package.folder} is signed with the key {signer}, which is not trusted here for {centre}"
    )


def _with_statement(
    package: Package, trust: Trust, found: Finding, key: PublicKey | None
) -> Finding:
    """Check that a key signed the audit statement; remark that nobody did.

    Raises:
        NotSignedError: Nobody signed it, and somebody must have.
        SignatureRefusedError: It is of another statement, as after an edit.
    """
    said, file = package.folder / STATEMENT, package.folder / STATEMENT_SIGNATURE
    if not said.is_file():
        return found
    if key is not None and not file.is_file() and trust.mode_of(found.centre) == "enforce":
        raise NotSignedError(f"{package.folder} has no {STATEMENT_SIGNATURE} of its {STATEMENT}")
    if key is None or not file.is_file():
        remark = (
            f"nobody signed its {STATEMENT}, so that an edit would not be noticed here; genshare "
            "fetch to this folder compares it with the hub's"
        )
        return replace(found, remark=remark)
    statement = read_statement(said.read_bytes(), subject=package.digest)
    try:
        check_audit(file.read_bytes(), key, package.manifest, statement)
    except SignatureRefusedError as error:
        raise SignatureRefusedError(f"{said} is not what its centre signed: {error}") from error
    return found


def _check_nothing_else(package: Package) -> None:
    known = {MANIFEST, *NOT_SIGNED, *(file.name for file in package.manifest.files)}
    others = sorted({path.name for path in package.folder.iterdir()} - known)
    if others:
        raise BrokenPackageError(f"{package.folder} holds {others[0]}, which is not of the package")

"""A package in a folder, checked without a hub."""

from pathlib import Path

from shared.errors import BrokenPackageError
from shared.packages import MANIFEST, Package, open_package
from signing.bundles import read_bundle
from signing.errors import KeyNotTrustedError, NotSignedError
from signing.judging import Finding
from signing.keys import PublicKey
from signing.packages import BESIDE, SIGNATURE, check_package
from signing.trust import Trust, key_in


def verify_folder(folder: Path, trust: Trust, key: PublicKey | None) -> tuple[Package, Finding]:
    """Check every file of a package's folder, and who signed it.

    Args:
        key: The key that must have signed it; None: one that is trusted.

    Raises:
        PackageError: A file is missing, changed, or not of the package.
        NotSignedError: There is no signature.
        KeyNotTrustedError, SignatureRefusedError: It is of another key, or wrong.
    """
    package = open_package(folder, partly=True)
    _check_nothing_else(package)
    if not (folder / SIGNATURE).is_file():
        raise NotSignedError(f"{folder} has no {SIGNATURE}: nobody signed it")
    content = (folder / SIGNATURE).read_bytes()
    if key is not None:
        check_package(content, key, package.manifest)
        return package, Finding(package.card.centre, key.fingerprint, "pinned")
    return package, _by_trusted_key(package, content, trust)


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
            return Finding(centre, signer, trusted.how)
    raise KeyNotTrustedError(
        f"{package.folder} is signed with the key {signer}, which is not trusted here for {centre}"
    )


def _check_nothing_else(package: Package) -> None:
    known = {MANIFEST, *BESIDE, *(file.name for file in package.manifest.files)}
    others = sorted({path.name for path in package.folder.iterdir()} - known)
    if others:
        raise BrokenPackageError(f"{package.folder} holds {others[0]}, which is not of the package")

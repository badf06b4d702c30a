"""Pulls generators from the hub."""

from collections.abc import Collection
from pathlib import Path

from centre_node.sharing.errors import GeneratorNotPulledError
from shared.errors import DigestMismatchError
from shared.marks import check_usable, keep_mark
from shared.packages import Package, open_package
from shared.progress import OnProgress, Progress
from shared.records import GeneratorVersion
from shared.transfer_progress import say_nothing
from shared.weight_choices import chosen_weights
from signing.receiving import Asked, Received, Receiver


def pull(
    receiver: Receiver,
    centre: str,
    name: str,
    version: int | None,
    *,
    folder: Path,
    weights: Collection[str] = (),
    weights_at_most: int | None = None,
    on_progress: OnProgress = say_nothing,
) -> tuple[GeneratorVersion, Received]:
    """Fetch a generator into `folder/<manifest digest>`, verified; None is the latest version.

    Args:
        weights: The weight files to fetch; none is all.
        weights_at_most: How many of them to fetch, evenly spread.

    Raises:
        DigestMismatchError: What the hub gave is not what was asked for.
        NoSuchWeightsError: The version has no weight file of a name.
        NotSignedError, KeyNotTrustedError, SignatureRefusedError: It is not signed as it must be.
        StatusRefusedError, StatusMissingError, LogForkedError: The hub contradicts its centre, or
            what it told before.
    """
    record = receiver.hub.version(centre, name, version)
    chosen = chosen_weights(record.card, names=weights, at_most=weights_at_most)
    received = receiver.fetch(
        record,
        folder / record.manifest_digest,
        asked=Asked(is_latest=version is None),
        weights=chosen,
        on_progress=on_progress,
    )
    if received.finding.is_warning:
        sentence = received.finding.sentence
        on_progress(Progress(done=1, total=1, unit="generators", warning=sentence))
    # Whoever follows the hub's events marks what lies here; this came too late for some of them.
    keep_mark(received.package.folder, receiver.hub.life_cycle.state_of(record))
    return record, received


def pulled(
    folder: Path, digest: str, *, partly: bool = False, withdrawn_too: bool = False
) -> Package:
    """Open a pulled package and verify it again.

    Args:
        partly: Whether one that was pulled in part will do.
        withdrawn_too: Whether one that was withdrawn will do.

    Raises:
        GeneratorWithdrawnError: It was withdrawn or quarantined since.
        GeneratorNotPulledError: It was not pulled.
        PartlyFetchedError: It was pulled in part, and `partly` is false.
        PackageError: It has been changed since.
    """
    if not (folder / digest).is_dir():
        raise GeneratorNotPulledError(f"no generator with the manifest digest {digest} was pulled")
    package = open_package(folder / digest, partly=partly)
    if package.digest != digest:
        raise DigestMismatchError(f"the folder {digest} holds the package {package.digest}")
    check_usable(package, withdrawn_too=withdrawn_too)
    return package

"""What a person looks at before a package leaves."""

import hashlib
from collections.abc import Iterator

from centre_node.sharing.officers_pages import PAGE_HTML
from centre_node.sharing.release import Release
from node_api.connection import ConnectedHub
from node_api.release import ReleasePolicy
from node_api.review import Review, ReviewedFile
from shared.canonical import canonical_json, digest_of
from shared.fidelity import FidelityReport
from shared.packages import MANIFEST
from shared.statements import STATEMENT


def review_of(
    release: Release, hub: ConnectedHub, policy: ReleasePolicy, *, collapse: str | None
) -> Review:
    """Return what a person looks at before a package leaves.

    Args:
        collapse: Why mode collapse is suspected; None: it is not.
    """
    package, statement = release.package, release.statement
    files = (
        *(ReviewedFile(**file.model_dump()) for file in package.manifest.files),
        _file(MANIFEST, canonical_json(package.manifest)),
        _file(STATEMENT, canonical_json(statement)),
    )
    told = {
        "hub": hub,
        "manifest_digest": package.digest,
        "statement_digest": digest_of(statement),
        "policy_digest": digest_of(policy),
        "files": files,
        "collapse": collapse,
    }
    unsigned = Review(
        **told,
        digest="0" * 64,
        card=package.card,
        verdict=release.decision.verdict,
        reasons=tuple(reason.sentence for reason in release.decision.reasons),
        waived_by=None if statement.waiver is None else statement.waiver.by,
        page=PAGE_HTML,
    )
    return unsigned.model_copy(update={"digest": digest_of(unsigned)})


def collapse_of(fidelity: FidelityReport | None) -> str | None:
    """Return why a generator is suspected of mode collapse; None: it is not."""
    if fidelity is None or fidelity.mode_collapse.verdict != "suspected":
        return None
    return fidelity.mode_collapse.statement


def review_lines(review: Review) -> Iterator[str]:
    """Yield what a review says, a line each, for a terminal."""
    yield f"would be sent to {review.hub.url} as {review.hub.centre}/{review.card.name}:"
    for file in review.files:
        yield f"  {file.name}, {file.size_bytes} bytes, sha256 {file.sha256}"
    yield f"policy: {review.verdict}"
    for reason in review.reasons:
        yield f"  {reason}"
    if review.waived_by is not None:
        yield f"waived by {review.waived_by}"
    if review.collapse is not None:
        yield review.collapse
    yield f"digest of all this: {review.digest}"


def _file(name: str, content: bytes) -> ReviewedFile:
    return ReviewedFile(
        name=name, size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest()
    )

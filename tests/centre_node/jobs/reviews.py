"""A review as a publish job makes one."""

from pathlib import Path
from typing import Any

from node_api.connection import ConnectedHub
from node_api.review import Review
from tests.packages import write_tiny_package

TRAINED_JOB = "a" * 32


def a_review(folder: Path, **changed: Any) -> Review:
    """Return one that nobody has answered; its card is that of a package made in `folder`."""
    given: dict[str, Any] = {
        "digest": "1" * 64,
        "hub": ConnectedHub(centre="centre-b", url="https://hub.example.org"),
        "card": write_tiny_package(folder).card,
        "manifest_digest": "2" * 64,
        "statement_digest": "3" * 64,
        "policy_digest": "4" * 64,
        "files": (),
        "verdict": "not required",
        "reasons": (),
        "page": "privacy.html",
    }
    return Review(**given | changed)

"""The officer's pages in a folder: the last decision's, and the earlier ones set aside."""

import hashlib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from privacy_page.document import PrivacyPage
from privacy_page.page import privacy_html
from shared.files import put_in_place, write_text

PAGE_HTML, PAGE_JSON = "privacy.html", "privacy.json"
EARLIER_PAGES = "earlier-pages"
NAMED_BY = 16


def keep_page(folder: Path, page: PrivacyPage) -> None:
    """Write a decision's page; one of another decision, which may be signed, is set aside.

    The page of the same decision stays as it is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / PAGE_JSON).exists():
        content = (folder / PAGE_JSON).read_bytes()
        if _decision(content) == _of(page) and (folder / PAGE_HTML).exists():
            return
        _set_aside(folder, hashlib.sha256(content).hexdigest()[:NAMED_BY])
    write_text(folder / PAGE_HTML, privacy_html(page))
    write_text(folder / PAGE_JSON, page.model_dump_json(indent=2) + "\n")


def _set_aside(folder: Path, name: str) -> None:
    earlier = folder / EARLIER_PAGES / name
    earlier.mkdir(parents=True, exist_ok=True)
    for file in (PAGE_HTML, PAGE_JSON):
        if (folder / file).exists():
            put_in_place(folder / file, earlier / file)


def _decision(content: bytes) -> dict[str, Any] | None:
    """Return what a page decided, None of one that cannot be read, as another version's."""
    try:
        return _of(PrivacyPage.model_validate_json(content))
    except ValidationError:
        return None


def _of(page: PrivacyPage) -> dict[str, Any]:
    decided = {"manifest_digest", "policy_digest", "audit_digest", "verdict", "waiver"}
    return {"leaves": page.stated is not None, **page.model_dump(include=decided)}

"""Serves a job's file to a browser, which may show it and nothing more."""

from pathlib import Path

from fastapi import Response

from shared.served_files import ServedFile

PAGE_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)
FILE_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"
SHOWN = {
    ".csv": "text/plain; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".md": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".tex": "text/plain; charset=utf-8",
}
"""What a browser shows; every other file is downloaded."""


def artifact_response(path: Path) -> Response:
    """Return a file as what it is by its ending; a page of ours has its style and pictures in it.

    Pictures may be of real patients: no browser or proxy keeps them.
    """
    kind = SHOWN.get(path.suffix)
    response = ServedFile(
        path, media_type=kind or "application/octet-stream", filename=None if kind else path.name
    )
    is_page = path.suffix == ".html"
    response.headers["Content-Security-Policy"] = PAGE_POLICY if is_page else FILE_POLICY
    response.headers["Cache-Control"] = "no-store"
    return response

"""`genshare hub verify`: checks that nothing of a hub was changed."""

import re
import sys
from typing import Annotated

import typer

from hub.audit_log.verification import Verification, Verifier
from hub.data_folder import BLOBS, DATABASE, DataDir, check_is_hub
from hub.database import open_database
from hub.errors import HubChangedError
from hub.settings import Settings
from shared.command_options import Json
from shared.progress import shown
from shared.records import LogHead
from shared.safe_text import shown as visible
from shared.safe_text import shown_json
from shared.serving import read_settings

HEAD = re.compile(r"([0-9]{1,15}):([0-9a-f]{64})")


def verify(
    data_dir: DataDir = None,
    head: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NUMBER:SHA256",
            help="A head of the log that was kept, as this command and GET /api/v1/log/head tell "
            "it; so a log that was shortened or written anew is noticed. Once for each.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Check that nothing of a hub was changed: the audit log, every file, every version.

    The hub may serve meanwhile. Everything that is wrong is named, and the exit code is 1 then.

    Examples:
      genshare hub verify --data-dir /srv/genshare-hub

      genshare hub verify --head 812:9f3c... --json
    """
    heads = [_head(text) for text in head or ()]
    folder = read_settings(Settings, data_dir=data_dir).data_dir
    check_is_hub(folder)
    with shown() as report:
        found = Verifier(
            open_database(folder / DATABASE), folder / BLOBS, on_progress=report
        ).verify(heads)
    _write(found, json)
    if found.faults:
        count = len(found.faults)
        others = f", the first of {count} findings" if count > 1 else ""
        raise HubChangedError(f"{found.faults[0]}{others}")


def _write(found: Verification, json: bool) -> None:
    if json:
        sys.stdout.write(shown_json(found.model_dump_json(indent=2)) + "\n")
        return
    for fault in found.faults:
        sys.stdout.write(f"{visible(str(fault))}\n")
    told = "nothing was changed" if not found.faults else f"{len(found.faults)} findings"
    sys.stdout.write(f"{found}: {told}\n")


def _head(text: str) -> LogHead:
    matched = HEAD.fullmatch(text)
    if matched is None:
        raise typer.BadParameter(f"--head is {text!r}; it must be NUMBER:SHA256, as in 812:9f3c...")
    return LogHead(number=int(matched[1]), sha256=matched[2])

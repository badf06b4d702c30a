"""`genshare hub verify`, `export` and `import`: a hub checked, and moved as one file."""

import os
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from hub.audit_log.moving import export_hub, import_hub
from hub.audit_log.verification import MEGABYTE, Verification, Verifier
from hub.data_folder import DataDir
from hub.errors import HubChangedError, HubNotKeptError
from hub.keeping import engine_for_reading, name_of_hub, open_shelf
from hub.registry.stored_files import StoredFiles
from hub.settings import Settings
from shared.archives import OnBytes
from shared.command_options import Json
from shared.counts import counted
from shared.files import write_faults_named
from shared.packages import sha256_of
from shared.progress import OnProgress, Progress, shown
from shared.records import LogHead
from shared.safe_text import shown as visible
from shared.safe_text import shown_json
from shared.serving import read_settings
from shared.verbosity import note

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

    The hub may serve meanwhile, and nothing is written. Everything that is wrong is named, and the
    exit code is 1 then.

    Examples:
      genshare hub verify --data-dir /srv/genshare-hub

      genshare hub verify --head 812:9f3c... --json
    """
    heads = [_head(text) for text in head or ()]
    settings = read_settings(Settings, data_dir=data_dir)
    with engine_for_reading(settings) as engine, shown() as report:
        shelf = open_shelf(settings, StoredFiles(engine))
        found = Verifier(engine, shelf, on_progress=report).verify(heads)
    _write(found, json)
    if found.faults:
        raise HubChangedError(
            f"the hub in {name_of_hub(settings)} is not as it was written, as told above"
        )


def export_to_file(
    out: Annotated[Path, typer.Option(metavar="FILE", help="The file to make.")],
    data_dir: DataDir = None,
) -> None:
    """Write a whole hub to one file: its database and the files of all versions.

    The hub may serve meanwhile. Who has the file has every generator and may act as the hub: keep
    it as you keep the hub's own folder. The same hub makes the same file.

    Examples:
      genshare hub export --data-dir /srv/genshare-hub --out hub.tar
    """
    settings = read_settings(Settings, data_dir=data_dir)
    os.umask(0o077)
    with write_faults_named(out.absolute().parent, HubNotKeptError), shown() as report:
        count = export_hub(settings, out, on_bytes=_megabytes(report))
    held = f"{counted(count, 'file')} of its versions"
    note(f"{out} holds the hub of {name_of_hub(settings)} with {held}")
    sys.stdout.write(f"{sha256_of(out)}  {out}\n")


def import_from_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What genshare hub export made.")],
    data_dir: DataDir = None,
) -> None:
    """Take a whole hub in from one file, to a folder that is new or empty.

    Everything is checked as genshare hub verify does before the folder appears; of a file that is
    broken nothing is kept. With HUB_DATABASE_URL, to a database that holds nothing yet.

    Examples:
      genshare hub import hub.tar --data-dir /srv/genshare-hub
    """
    settings = read_settings(Settings, data_dir=data_dir)
    os.umask(0o077)
    with write_faults_named(settings.data_dir, HubNotKeptError), shown() as report:
        found = import_hub(file, settings, on_bytes=_megabytes(report), on_progress=report)
    sys.stdout.write(f"the hub is in {name_of_hub(settings)}: {found}\n")


def _megabytes(report: OnProgress) -> OnBytes:
    def tell(done: int, total: int) -> None:
        report(Progress(done=done // MEGABYTE, total=total // MEGABYTE, unit="MB"))

    return tell


def _write(found: Verification, json: bool) -> None:
    if json:
        sys.stdout.write(shown_json(found.model_dump_json(indent=2)) + "\n")
        return
    for fault in found.faults:
        sys.stdout.write(f"{visible(str(fault))}\n")
    told = "nothing was changed" if not found.faults else f"findings: {len(found.faults)}"
    sys.stdout.write(f"{found}: {told}\n")


def _head(text: str) -> LogHead:
    matched = HEAD.fullmatch(text)
    if matched is None:
        raise typer.BadParameter(f"--head is {text!r}; it must be NUMBER:SHA256, as in 812:9f3c...")
    return LogHead(number=int(matched[1]), sha256=matched[2])

"""The root of the `genshare` command. Each command is imported only when it is called."""

import importlib
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import typer
from typer.core import TyperArgument, TyperOption

from genshare.root import root_group
from genshare.verbosity_options import FLAGS, add_verbosity, choose_by
from shared.files import full_disk_named
from shared.interruption import INTERRUPTED, SENTENCE, TERMINATED
from shared.problems import GenshareError
from shared.safe_text import shown_lines
from shared.verbosity import usual_again, verbosity
from shared.version import genshare_version

# httpx does without its own command, which loads click, pygments and rich.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

COMMANDS = {
    "simulate": ("simulation.commands", "Run a whole federation on this machine."),
    "hub": ("hub.commands", "Serve the hub; invite centres; check and move what it keeps."),
    "node": ("centre_node.commands", "Serve a centre node."),
    "data": ("centre_node.mammography.commands", "Inspect mammograms; see what is cut from them."),
    "train-generator": (
        "centre_node.training.commands",
        "Train a generator on a folder of mammograms.",
    ),
    "audit": (
        "centre_node.sharing.audit_commands",
        "Attack a trained generator before it leaves.",
    ),
    "publish": ("centre_node.sharing.commands", "Publish a generator to a hub."),
    "ledger": ("centre_node.ledger.commands", "Show what was released of which patient."),
    "waiver-key": (
        "centre_node.ledger.commands",
        "Make a key for whoever may release against the policy.",
    ),
    "list": ("shared.commands", "List the generators on a hub."),
    "show": ("shared.commands", "Show one generator's card."),
    "fetch": ("signing.fetch_command", "Fetch a generator and verify it."),
    "verify": ("signing.commands", "Verify a fetched generator and who signed it."),
    "trust": ("signing.commands", "Say whose keys are trusted."),
    "key": ("signing.commands", "Make the key that a centre signs with."),
    "state": ("signing.life_cycle_commands", "Tell or change what a version is; withdraw one."),
    "alias": ("signing.life_cycle_commands", "Point a name at a version."),
    "refresh": ("signing.life_cycle_commands", "Ask what has become of fetched generators."),
    "sample": ("centre_node.sampling.commands", "Draw synthetic patches from a fetched generator."),
    "paint": (
        "centre_node.sampling.paint_commands",
        "Paint lesions on your own healthy patches, without a generator.",
    ),
    "fidelity": (
        "centre_node.fidelity.commands",
        "Compare a generator's samples with your own patches.",
    ),
    "init": ("centre_node.study.init_command", "Write a study file for your own mammograms."),
    "study": ("centre_node.study.commands", "Compare what arms bring a classifier."),
    "choose": (
        "centre_node.study.choose_command",
        "Choose donors' generators by your own validation patients.",
    ),
    "receipts": ("signing.receipts_command", "List what a generator was worth to others."),
    "receipt": (
        "centre_node.study.receipt_command",
        "Tell a hub what a generator was worth to you.",
    ),
    "doctor": ("genshare.doctor.commands", "Say what is amiss on this machine, and what to do."),
    "export-package": ("shared.archive_commands", "Write a package to one file."),
    "import-package": ("shared.archive_commands", "Take a package in from one file."),
    "import-medigan": ("centre_node.medigan.commands", "Make a package of a medigan model."),
    "export-medigan": ("centre_node.medigan.commands", "Write a package's medigan metadata."),
}
"""Command: the module that defines it in its `app`, and its line in the help."""

SERVICES = frozenset({"hub", "node"})

CENTRES_LIBRARIES = frozenset(
    {
        "PIL",
        "centre_node",
        "cv2",
        "matplotlib",
        "numpy",
        "pyarrow",
        "pydicom",
        "safetensors",
        "sklearn",
        "torch",
    }
)

DISK_FULL = "no space is left on a disk that this command writes to"
FAILED, USAGE = 1, 2


def main() -> None:
    """Run `genshare`; exit with 0 done, 1 failed, 2 wrong usage, 130 interrupted, 143 terminated.

    A request to terminate unwinds the command, so that nothing half-written stays behind; a
    service ends in good order by itself.
    """
    if not SERVICES.intersection(sys.argv[1:2]):
        signal.signal(signal.SIGTERM, _terminate)
    sys.exit(run(sys.argv[1:]))


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second request must not stop the tidying up
    sys.exit(TERMINATED)


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code. Errors become one line and a hint."""
    with usual_again():
        return _run(_without_verbosity(arguments))


def _run(arguments: list[str]) -> int:
    if arguments and arguments[0] in {"--help", "-h"}:
        _show_help()
        return 0
    if arguments and arguments[0] == "--version":
        sys.stdout.write(f"genshare {genshare_version()}\n")
        return 0
    if not arguments or arguments[0].startswith(("--install-completion", "--show-completion")):
        told = {name: text for name, (_, text) in COMMANDS.items()}
        root = root_group(told, command, _show_help)
        return _ended(root.main(args=arguments, prog_name="genshare")) if arguments else _bare(root)
    if arguments[0] not in COMMANDS:
        _tell_error(f"there is no command {arguments[0]!r}; see genshare --help")
        return USAGE
    with nullcontext() if arguments[0] in SERVICES else _interruption_told():
        return _guarded(lambda: _call(arguments))


def _bare(root: Any) -> int:
    """Answer a shell that asks for completions, which alone gives no argument; else show the help.

    Raises:
        SystemExit: It was answered.
    """
    root.main(args=[], prog_name="genshare", standalone_mode=False)
    return USAGE


def _call(arguments: list[str]) -> int:
    command = _module_command(arguments[0])
    shares_a_module = arguments[0] in getattr(command, "commands", {})
    rest, name = (
        (arguments, "genshare") if shares_a_module else (arguments[1:], f"genshare {arguments[0]}")
    )
    return _ended(command.main(args=rest, prog_name=name))


def _ended(code: Any) -> int:
    return code if isinstance(code, int) else 0


def command(name: str) -> Any:
    """Return a command, of a module that has several the one that is meant."""
    found = _module_command(name)
    return getattr(found, "commands", {}).get(name, found)


def _module_command(name: str) -> Any:
    _speak_plainly()
    command = typer.main.get_command(importlib.import_module(COMMANDS[name][0]).app)
    add_verbosity(command)
    return command


def _without_verbosity(arguments: list[str]) -> list[str]:
    """Heed what is said before the command, where it stands for all commands."""
    while arguments and arguments[0] in FLAGS:
        choose_by(arguments[0])
        arguments = arguments[1:]
    return arguments


@cache
def _speak_plainly() -> None:
    """Keep Python's types, such as <list[Path]> and <bool>, out of the help.

    An argument's name says what it is, and a flag takes nothing; other options say their own words.
    """
    setattr(TyperArgument, "display_type_rich", lambda _self, ctx: "")  # noqa: B010, ARG005
    of_options = TyperOption.display_type_rich

    def shown(option: TyperOption, ctx: Any) -> str | None:
        return "" if option.is_flag else of_options(option, ctx)

    setattr(TyperOption, "display_type_rich", shown)  # noqa: B010


def _guarded(action: Callable[[], int]) -> int:
    try:
        with full_disk_named(Path(), sentence=DISK_FULL):
            return action()
    except GenshareError as error:
        if verbosity() == "verbose":
            traceback.print_exc()
        _tell_error(str(error), f"{error.hint} ({error.code})")
        return FAILED
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in CENTRES_LIBRARIES:
            raise
        _tell_error(
            f"{error.name} is not installed; this command needs the centre's libraries: "
            "pip install 'genshare[node]'"
        )
        return FAILED
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _tell_error(sentence: str, hint: str = "") -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True, soft_wrap=True, highlight=False)
    told = f"[red]error:[/] {escape(shown_lines(sentence))}"
    console.print(told + (f"\n[dim]{escape(hint)}[/]" if hint else ""))


@contextmanager
def _interruption_told() -> Iterator[None]:
    """Say how to go on, whoever noticed the interruption: typer, a handler of signals, or we."""
    try:
        yield
    except SystemExit as end:
        if end.code in {INTERRUPTED, TERMINATED}:
            sys.stderr.write(f"{SENTENCE}\n")
        raise


def _show_help() -> None:
    lines = "\n".join(f"  {name:15} {text}" for name, (_, text) in COMMANDS.items())
    sys.stdout.write(
        "Share generators, not patients.\n\nUsage: genshare COMMAND [OPTIONS]\n\n"
        f"Commands:\n{lines}\n\n"
        "`genshare COMMAND --help` shows each with worked examples. `genshare --version`.\n"
        "--quiet and --verbose, anywhere, say less or more beside the results.\n"
        "`genshare --install-completion` has your shell complete commands and options.\n"
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted, 143 terminated.\n"
    )

"""Reads a scenario from TOML; whatever is wrong with it becomes one sentence."""

import difflib
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from shared.plain_words import plain_words
from simulation.errors import ScenarioError
from simulation.scenario import Scenario

SUFFIX = ".toml"


def shipped_scenarios() -> dict[str, str]:
    """Return the TOML text of every scenario that comes with genshare, by name."""
    folder = files("simulation") / "scenarios"
    return {
        entry.name.removesuffix(SUFFIX): entry.read_text(encoding="utf-8")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(SUFFIX)
    }


def shipped_titles() -> dict[str, str]:
    """Return the title of every scenario that comes with genshare, by name."""
    return {name: tomllib.loads(text)["title"] for name, text in shipped_scenarios().items()}


def read_scenario(name_or_path: str) -> Scenario:
    """Return a shipped scenario by its name, or the one in a TOML file.

    Raises:
        ScenarioError: There is none, or it is unreadable or contradictory.
    """
    shipped = shipped_scenarios()
    if name_or_path in shipped:
        return parse_scenario(shipped[name_or_path], source=f"scenario {name_or_path}")
    path = Path(name_or_path)
    try:
        return parse_scenario(path.read_text(encoding="utf-8"), source=path.name)
    except FileNotFoundError as error:
        raise ScenarioError(
            f"{name_or_path!r} is neither a file nor a scenario that comes with genshare "
            f"({', '.join(shipped)}){_did_you_mean(name_or_path, list(shipped))}"
        ) from error
    except OSError as error:
        raise ScenarioError(f"{name_or_path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{name_or_path} is not UTF-8 text") from error


def parse_scenario(text: str, *, source: str) -> Scenario:
    """Return the scenario that a TOML text describes.

    Args:
        source: What messages call it.

    Raises:
        ScenarioError: It is no TOML, or not a scenario.
    """
    try:
        return Scenario.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(f"{source} is not valid TOML: {error}") from error
    except ValidationError as error:
        raise ScenarioError(f"{source}: {_first_fault(error)}") from error


def _first_fault(error: ValidationError) -> str:
    """Describe one fault: an unknown key first, for a misspelt key is also a missing one."""
    faults = error.errors(include_url=False)
    fault = next((item for item in faults if item["type"] == "extra_forbidden"), faults[0])
    *parents, key = fault["loc"] or ("",)
    where = _dotted(tuple(parents))
    if fault["type"] == "extra_forbidden":
        known = _known_keys(Scenario, tuple(parents))
        place = f" in {where}" if where else ""
        return f"unknown key {str(key)!r}{place}{_did_you_mean(str(key), known)}"
    if fault["type"] == "missing":
        return f"{_dotted(fault['loc'])} is missing"
    message = plain_words(fault)
    if fault["type"] == "value_error":
        return message
    return f"{_dotted(fault['loc'])}: {message}, not {fault['input']!r}"


def _dotted(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _did_you_mean(key: str, known: list[str]) -> str:
    nearest = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
    return f"; did you mean {nearest[0]!r}?" if nearest else ""


def _known_keys(annotation: Any, location: tuple[int | str, ...]) -> list[str]:
    """Return the keys that the model at `location` has, walking down from `annotation`."""
    annotation = _plain(annotation)
    if not location:
        return list(annotation.model_fields)
    step, rest = location[0], location[1:]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields[str(step)]
        return _known_keys(field.rebuild_annotation(), rest)
    if get_origin(annotation) is dict:
        return _known_keys(get_args(annotation)[1], rest)
    if get_origin(annotation) is tuple:
        return _known_keys(get_args(annotation)[0], rest)
    return _known_keys(_member(annotation, str(step)), rest)


def _plain(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _member(union: Any, tag: str) -> Any:
    """Return the member of a discriminated union whose `format` is `tag`."""
    return next(
        member for member in get_args(union) if member.model_fields["format"].default == tag
    )

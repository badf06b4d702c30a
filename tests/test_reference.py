"""The pages that are written from the models: complete, and as the models are now."""

import importlib.util
import re
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def reference() -> Any:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_those_that_the_code_writes(reference: Any) -> None:
    for name, text in reference.pages().items():
        kept = (ROOT / "docs" / name).read_text().splitlines()
        both = zip_longest(kept, text.splitlines())
        changed = next((number for number, (old, new) in enumerate(both, 1) if old != new), None)
        if changed is not None:
            pytest.fail(
                f"line {changed} of docs/{name} is not what the code says now. If that is meant, "
                "also for programs that call the API: python docs/reference.py"
            )


def test_every_key_of_a_scenario_and_every_setting_has_a_row(reference: Any) -> None:
    pages = reference.pages()

    for key in ("centres", "sham_healthy", "noise_multiplier", "may_see", "kinds"):
        assert f"\n| `{key}` | " in pages["scenario.md"]
    for prefix, settings in (("HUB_", reference.HubSettings), ("NODE_", reference.NodeSettings)):
        for field in settings.model_fields:
            assert f"`{prefix}{field.upper()}`" in pages["settings.md"]
    for link in re.findall(r"\]\(#([a-z]+)\)", pages["scenario.md"]):
        assert f"\n## {link}\n" in pages["scenario.md"].lower()


def test_every_variable_that_a_command_reads_has_a_row(reference: Any) -> None:
    rooms = ("centre_node", "genshare", "hub", "shared", "signing", "simulation")
    files = [file for room in rooms for file in (ROOT / room).rglob("*.py")]
    read = {name for file in files for name in re.findall(r'envvar="(\w+)"', file.read_text())}

    assert read == set(reference.OF_COMMANDS)


def test_a_field_that_nothing_explains_is_found(reference: Any) -> None:
    class Study(BaseModel):
        """A study.

        Attributes:
            seeds: Each is
                a run.
        """

        seeds: int = 1
        colour: str = "red"

    assert reference._meaning(Study, "seeds") == "Each is a run."
    with pytest.raises(reference.UnexplainedError, match=r"Study\.colour has no description"):
        reference._meaning(Study, "colour")

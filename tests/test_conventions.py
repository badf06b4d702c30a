"""Conventions that the linters do not check."""

import importlib
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

import centre_node.settings
import hub.settings
from shared.problems import GenshareError

ROOT = Path(__file__).parent.parent
ROOMS = ("centre_node", "hub", "shared", "simulation")


def _errors() -> list[type[GenshareError]]:
    """Return every error that a room defines in its `errors.py`."""
    files = [file for room in ROOMS for file in sorted((ROOT / room).rglob("errors.py"))]
    names = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    return [
        value
        for name in names
        for value in vars(importlib.import_module(name)).values()
        if isinstance(value, type) and value.__module__ == name
    ]


def test_no_two_errors_have_the_same_code() -> None:
    codes = [error.code for error in _errors()]

    assert len(codes) > 50
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("settings", [hub.settings.Settings, centre_node.settings.Settings])
def test_readme_lists_every_setting(settings: type[BaseSettings]) -> None:
    readme = (ROOT / "README.md").read_text()
    prefix = settings.model_config["env_prefix"]

    for field in settings.model_fields:
        assert f"`{prefix}{field.upper()}`" in readme

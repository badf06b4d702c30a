"""Conventions that the linters do not check."""

from pathlib import Path
from types import ModuleType

import pytest
from pydantic_settings import BaseSettings

import centre_node.errors
import centre_node.settings
import hub.errors
import hub.settings
import shared.errors
import simulation.errors
from shared.problems import GenshareError

ROOT = Path(__file__).parent.parent
ERROR_MODULES = [hub.errors, centre_node.errors, shared.errors, simulation.errors]


def _errors(module: ModuleType) -> dict[str, type[GenshareError]]:
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == module.__name__
    }


@pytest.mark.parametrize("module", ERROR_MODULES)
def test_module_docstring_lists_every_error(module: ModuleType) -> None:
    assert set(_errors(module)) <= set((module.__doc__ or "").split())


def test_no_two_errors_have_the_same_code() -> None:
    codes = [error.code for module in ERROR_MODULES for error in _errors(module).values()]

    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("settings", [hub.settings.Settings, centre_node.settings.Settings])
def test_readme_lists_every_setting(settings: type[BaseSettings]) -> None:
    readme = (ROOT / "README.md").read_text()
    prefix = settings.model_config["env_prefix"]

    for field in settings.model_fields:
        assert f"`{prefix}{field.upper()}`" in readme

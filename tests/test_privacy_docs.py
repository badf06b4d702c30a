"""The page about privacy names only keys, settings and routes that there are."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

import centre_node.main
import hub.main
from centre_node.settings import Settings
from hub.settings import Settings as HubSettings
from node_api.audits import AuditReport, AuditSettings
from node_api.generator_training import GeneratorTraining
from node_api.held_out import HeldOut, HoldOut
from node_api.release import ReleasePolicy
from node_api.requests import JobKind
from privacy_page.document import PrivacyPage
from shared.cards import ModelCard
from simulation.scenario import Scenario
from tests.test_conventions import ROOT

PAGE = (ROOT / "docs" / "privacy.md").read_text()
PROSE = re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)
QUOTED = re.findall(r"`([^`\n]+)`", PROSE)


def test_the_policys_keys_are_those_of_its_table() -> None:
    told = set(re.findall(r"`(\w+)`", " ".join(_first_cells("| key | default |"))))

    assert told == ReleasePolicy.model_fields.keys() - {"schema_version"}


def test_the_officers_page_is_mapped_whole() -> None:
    rows = _cells("| part of the page | in `privacy.json`")
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row[1])}
    in_words = {name for name in PrivacyPage.model_fields if name.endswith("_in_words")}

    assert {name.removesuffix("_in_words") for name in in_words} <= told
    assert told == PrivacyPage.model_fields.keys() - in_words - {
        "schema_version",
        "genshare_version",
    }


def test_every_number_of_a_card_that_is_named_is_a_cards() -> None:
    known = set(_fields_below(ModelCard))
    told = re.findall(r"`([\w.*\[\]]+)`", " ".join(_first_cells("| on the card |")))

    assert len(told) > 15
    assert [name for name in told if name.rpartition(".")[2] not in known] == []


def test_every_other_key_is_of_a_model() -> None:
    models = (AuditReport, GeneratorTraining, HeldOut, ModelCard, PrivacyPage, Scenario)
    known = {name for model in models for name in _fields_below(model)}
    known |= {"patients_held_out", *get_args(JobKind)}
    told = {name for name in QUOTED if re.fullmatch(r"[a-z]+(_[a-z]+)+", name)}

    assert len(told) > 20
    assert told - known == set()


def test_every_table_in_toml_is_taken() -> None:
    policy, training, scenario = map(
        tomllib.loads, re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    )
    (generator,) = scenario["generators"]

    assert ReleasePolicy.model_validate(policy).audit_required
    assert GeneratorTraining.model_validate(training["training"]).recipe == "private"
    assert ReleasePolicy.model_validate(scenario["centres"]["B"]["release_policy"]).audit_required
    assert GeneratorTraining.model_validate(generator["training"]).privacy is not None
    assert AuditSettings.model_validate(generator["audit"]).samples > 0
    inline = [text for text in (*QUOTED, f"hold_out = {generator['hold_out']['share']}") if text]
    shares = [tomllib.loads(text) for text in inline if re.match(r"hold_out = \{", text)]
    assert [HoldOut.model_validate(found["hold_out"]).share for found in shares] == [0.3, 0.3]


@pytest.mark.slow
def test_every_setting_and_route_is_there(tmp_path: Path) -> None:
    settings = {f"NODE_{name.upper()}" for name in Settings.model_fields}
    told = {name for name in QUOTED if re.fullmatch(r"NODE_[A-Z_]+", name)}
    node = centre_node.main.create_app(Settings(data_dir=tmp_path / "node")).openapi()["paths"]
    registry = hub.main.create_app(HubSettings(data_dir=tmp_path / "hub")).openapi()["paths"]
    routes = dict(re.findall(r"`([A-Z]+) (/[^`]+)`", PROSE))

    assert told <= settings
    assert len(told) > 1
    assert routes.keys() >= {"GET", "POST"}
    for method, route in re.findall(r"`([A-Z]+) (/[^`]+)`", PROSE):
        paths = node if route.startswith("/api/") else registry
        assert any(_is_route(route, path) and method.lower() in paths[path] for path in paths), (
            f"{method} {route}"
        )


def _cells(heading: str) -> list[list[str]]:
    """Return the cells of the table that begins so, without its two first lines."""
    table = PAGE[PAGE.index(heading) :].partition("\n\n")[0]
    lines = table.splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line]


def _first_cells(heading: str) -> list[str]:
    return [cells[0] for cells in _cells(heading)]


def _fields_below(model: type[BaseModel]) -> Iterator[str]:
    """Yield the names of a model's fields, and of all that it holds."""
    waiting, seen = [model], {model}
    while waiting:
        for name, field in waiting.pop().model_fields.items():
            yield name
            for found in _models_in(field.annotation):
                if found not in seen:
                    seen.add(found)
                    waiting.append(found)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _is_route(told: str, path: str) -> bool:
    def places(route: str) -> str:
        return re.sub(r"\{[^}]*\}", "{}", route)

    return places(path).endswith(places(told))

"""The file of a fourth centre, and the lines of the docs that start it; no engine is needed."""

import json
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
FOURTH = "docker/compose.fourth.yml"


def read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / name).read_text())
    return document


def as_the_fourth(part: object) -> Any:
    """Return what the third centre has, with the fourth's letter and port."""
    text = json.dumps(part).replace("centre-c", "centre-d").replace("8013", "8014")
    for name in ("hub", "staff"):
        text = text.replace(f"{name}-c", f"{name}-d")
    return json.loads(text.replace("MAMMOGRAMS_C", "MAMMOGRAMS_D").replace("LENT_C", "LENT_D"))


def test_the_fourth_centre_is_as_the_others_but_for_its_networks_and_who_reviews() -> None:
    others, fourth = read("docker-compose.yml"), read(FOURTH)

    expected = as_the_fourth(others["services"]["centre-c"])
    del expected["environment"]["NODE_REVIEW"]  # a person looks at what it publishes
    expected["environment"]["NODE_ALLOWED_HOSTS"] = "centre-d"
    assert fourth["services"]["centre-d"] == expected
    assert fourth["services"]["hub"] == {"networks": ["hub-d"]}
    assert fourth["networks"]["hub-d"].pop("name") == "genshare-hub-d"
    networks = ("hub-c", "staff-c")
    assert fourth["networks"] == as_the_fourth(
        {name: others["networks"][name] for name in networks}
    )
    assert set(fourth["volumes"]) == {"centre-d-data"}


def test_the_lines_of_the_docs_name_what_the_file_has() -> None:
    page = (ROOT / "docs" / "containers.md").read_text()
    lines = page.partition("## A fourth centre")[2].partition("```sh")[2].partition("```")[0]
    fourth = read(FOURTH)

    (port,) = fourth["services"]["centre-d"]["ports"]
    assert f"-f docker-compose.yml -f {FOURTH}" in lines
    assert f"connect --alias hub {fourth['networks']['hub-d']['name']} " in lines
    assert f"http://{port.rpartition(':')[0]}/api/v1/hub-connection" in lines
    assert "up --detach --no-deps centre-d" in lines
    assert fourth["services"]["centre-d"]["environment"]["NODE_TOKEN"] in lines

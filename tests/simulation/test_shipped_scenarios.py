"""The scenarios that come with genshare are named as they are, wherever they are named."""

import re
from pathlib import Path

from simulation.scenario_file import read_scenario, shipped_scenarios, shipped_titles
from tests.command_line import Genshare

README = Path(__file__).parents[2] / "README.md"


def test_titles_are_those_of_the_scenarios() -> None:
    assert shipped_titles() == {name: read_scenario(name).title for name in shipped_scenarios()}


def test_the_help_names_each_with_its_title(genshare: Genshare) -> None:
    done = genshare("simulate", "--help")

    assert done.code == 0
    told = " ".join(done.stdout.split())
    for name, title in shipped_titles().items():
        assert f"{name}: {title}" in told


def test_the_readme_names_them_all() -> None:
    (sentence,) = re.findall(
        r"A scenario is a TOML file;(.*?)\[shipped\]", README.read_text(), re.S
    )

    assert set(re.findall(r"`(.*?)`", sentence)) == set(shipped_scenarios())

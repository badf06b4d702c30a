from pathlib import Path

import pytest

from centre_node.pulled.service import PulledGenerators
from centre_node.sharing.errors import GeneratorNotPulledError
from node_api.results import PulledGenerator
from shared.packages import CARD, Package
from tests.packages import write_tiny_package


def pulled_package(folder: Path) -> Package:
    package = write_tiny_package(folder / "made")
    package.folder.rename(folder / package.digest)
    return package


def test_a_pulled_generator_is_listed_with_its_card_and_version(tmp_path: Path) -> None:
    package = pulled_package(tmp_path)
    (tmp_path / f".{'0' * 64}.part").mkdir()  # a pull that goes on
    pull = PulledGenerator(
        manifest_digest=package.digest,
        centre=package.card.centre,
        name=package.card.name,
        version=7,
        weights=(),
        whole=True,
    )
    generators = PulledGenerators(tmp_path, pulls=lambda: [pull])

    (found,) = generators.all()

    assert (found.manifest_digest, found.version, found.card) == (package.digest, 7, package.card)
    assert (found.whole, found.problem) == (True, None)
    assert found.weights == tuple(file.name for file in package.weights)
    assert found.size_bytes == sum(file.size_bytes for file in package.manifest.files)
    assert generators.find(package.digest) == found


def test_what_is_damaged_is_listed_and_says_so(tmp_path: Path) -> None:
    package = pulled_package(tmp_path)
    weights = tmp_path / package.digest / package.weights[0].name
    weights.write_bytes(weights.read_bytes()[:-1])
    (tmp_path / ("0" * 64)).mkdir()

    found = PulledGenerators(tmp_path, pulls=list).all()

    problems = {one.manifest_digest: one.problem or "" for one in found}
    assert f"but {package.weights[0].size_bytes} are declared" in problems[package.digest]
    assert "cannot be read" in problems["0" * 64]
    assert str(tmp_path) not in "".join(problems.values())
    (tmp_path / package.digest / CARD).unlink()
    assert f"{CARD} is missing" in str(PulledGenerators(tmp_path, pulls=list).all()[1].problem)


def test_what_was_not_pulled_is_not_there(tmp_path: Path) -> None:
    generators = PulledGenerators(tmp_path / "none", pulls=list)

    assert generators.all() == ()
    with pytest.raises(GeneratorNotPulledError, match="was pulled"):
        generators.find("0" * 64)

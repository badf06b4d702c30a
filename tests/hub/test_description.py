"""The hub answers what its own description says, to whatever that allows and forbids."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.packages import Package, canonical_json
from tests.described_api import Known, Outcome, ask
from tests.hub_server import ADMIN_TOKEN, RunningHub, running_hub
from tests.packages import tiny_contents, write_tiny_ensemble, write_tiny_package

API = "/api/v1"
VERSIONS = API + "/generators/{centre}/{name}/versions"
THERE = (
    ("centre-b", "1", "weights.safetensors"),
    ("centre-b", "3", "card.json"),
    ("centre-b", "latest", "none"),
    ("centre-a", "latest", "weights-epoch-0500.safetensors"),
    ("centre-a", "2", "weights.safetensors"),
)
LEAVING = [f"leaving-{number}" for number in range(20)]


@dataclass(frozen=True)
class Seeded:
    hub: RunningHub
    callers: tuple[str | None, ...]
    known: Known

    def ask(self, each: int) -> Outcome:
        return ask(self.hub.url, self.callers, self.known, each=each)


@pytest.fixture
def seeded(tmp_path: Path) -> Iterator[Seeded]:
    """Two centres, one with several versions, the other with an ensemble."""
    with running_hub(tmp_path / "hub") as hub:
        tokens = {name: hub.client().invite(name) for name in ("centre-a", "centre-b")}
        for name in LEAVING:
            hub.client().invite(name)
        packages = [
            write_tiny_package(tmp_path / f"package-{number}", title=f"Tiny {number}")
            for number in range(3)
        ]
        for package in packages:
            hub.client(tokens["centre-b"]).publish(package)
        ensemble = write_tiny_ensemble(tmp_path / "ensemble", tiny_contents(3), centre="centre-a")
        hub.client(tokens["centre-a"]).publish(ensemble)
        callers = (ADMIN_TOKEN, *tokens.values(), "gsc_wrong", None)
        yield Seeded(hub, callers, _known(packages, ensemble))


def _known(packages: list[Package], ensemble: Package) -> Known:
    manifests = [json.loads(canonical_json(whole.manifest)) for whole in (*packages, ensemble)]
    not_there = {**manifests[0], "files": [{**manifests[0]["files"][0], "sha256": "0" * 64}]}
    weights = packages[0].weights[0]
    content = (packages[0].folder / weights.name).read_bytes()
    return Known(
        paths=[
            {
                "centre": centre,
                "name": "lesions-dcgan",
                "version": version,
                "file": file,
                "digest": weights.sha256,
            }
            for centre, version, file in THERE
        ],
        headers=[
            {"Range": "bytes=9999999-"},
            {"If-None-Match": "*"},
            {"If-Match": "*"},
            {"If-Match": f'"{weights.sha256}"', "Range": "bytes=0-9"},
            {"Range": "bytes=0-9,20-29"},
            {"Range": "bytes=x-y"},
            {"Range": "lines=1-2"},
            {"Content-Type": "text/plain"},
        ],
        bodies={
            f"POST {VERSIONS}": [*manifests, not_there],
            f"PUT {API}/blobs/{{digest}}": [content],
            f"POST {API}/blobs/missing": [{"digests": [weights.sha256]}],
            f"POST {API}/centres": [{"name": "centre-a"}],
        },
        own_paths={f"DELETE {API}/centres/{{name}}": [{"name": name} for name in LEAVING]},
    )


@pytest.mark.slow
def test_answers_are_what_the_description_says(seeded: Seeded) -> None:
    outcome = seeded.ask(each=12)

    assert outcome.faults == {}
    assert outcome.cases >= 200


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_ten_thousand_answers_are_what_the_description_says(seeded: Seeded) -> None:
    outcome = seeded.ask(each=460)

    assert outcome.faults == {}
    assert outcome.cases >= 10_000
    met = {200, 201, 204, 206, 304, 400, 401, 403, 404, 409, 412, 415, 416, 422}
    assert outcome.statuses >= met

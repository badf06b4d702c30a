"""The hub answers what its own description says, to whatever it allows and forbids."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.packages import canonical_json
from tests.described_api import Known, Outcome, ask
from tests.hub_server import ADMIN_TOKEN, RunningHub, running_hub
from tests.packages import tiny_contents, write_tiny_ensemble, write_tiny_package

API = "/api/v1"
VERSIONS = API + "/generators/{centre}/{name}/versions"


@dataclass(frozen=True)
class Seeded:
    hub: RunningHub
    callers: tuple[str | None, ...]
    known: Known


@pytest.fixture
def seeded(tmp_path: Path) -> Iterator[Seeded]:
    """Two centres, one with several versions, the other with an ensemble."""
    with running_hub(tmp_path / "hub") as hub:
        tokens = {name: hub.client().invite(name) for name in ("centre-a", "centre-b")}
        leaving = [f"leaving-{number}" for number in range(20)]
        for name in leaving:
            hub.client().invite(name)
        packages = [
            write_tiny_package(tmp_path / f"package-{number}", title=f"Tiny {number}")
            for number in range(3)
        ]
        for package in packages:
            hub.client(tokens["centre-b"]).publish(package)
        ensemble = write_tiny_ensemble(tmp_path / "ensemble", tiny_contents(3), centre="centre-a")
        hub.client(tokens["centre-a"]).publish(ensemble)
        digests = [file.sha256 for file in ensemble.manifest.files]
        manifests = [
            json.loads(canonical_json(package.manifest)) for package in (*packages, ensemble)
        ]
        yield Seeded(
            hub,
            (*(ADMIN_TOKEN, *tokens.values()) * 3, "gsc_wrong", None),
            Known(
                paths=[
                    *(
                        {
                            "centre": centre,
                            "name": "lesions-dcgan",
                            "version": version,
                            "file": file,
                            "digest": digests[0],
                        }
                        for centre, version, file in (
                            ("centre-b", "1", "weights.safetensors"),
                            ("centre-b", "3", "card.json"),
                            ("centre-a", "latest", "weights-epoch-0500.safetensors"),
                            ("centre-a", "2", "weights.safetensors"),
                        )
                    ),
                ],
                headers=[
                    {"If-None-Match": "*"},
                    {"If-Match": "*"},
                    {"If-Match": f'"{digests[0]}"', "Range": "bytes=0-9"},
                    {"Range": "bytes=0-9,20-29"},
                    {"Range": "bytes=9999999-"},
                    {"Range": "lines=1-2"},
                ],
                bodies={
                    f"POST {VERSIONS}": manifests,
                    f"POST {API}/blobs/missing": [{"digests": digests}],
                    f"POST {API}/centres": [{"name": "centre-a"}],
                },
                own_paths={f"DELETE {API}/centres/{{name}}": [{"name": n} for n in leaving]},
            ),
        )


def run(seeded: Seeded, each: int) -> Outcome:
    return ask(seeded.hub.url, seeded.callers, seeded.known, each=each)


@pytest.mark.slow
def test_answers_are_what_the_description_says(seeded: Seeded) -> None:
    outcome = run(seeded, each=20)

    assert outcome.faults == {}
    assert outcome.cases >= 300


@pytest.mark.nightly
def test_ten_thousand_answers_are_what_the_description_says(seeded: Seeded) -> None:
    outcome = run(seeded, each=700)

    assert outcome.faults == {}
    assert outcome.cases >= 10_000
    expected = {200, 201, 204, 206, 304, 400, 401, 403, 404, 409, 412, 413, 415, 416, 422}
    assert outcome.statuses >= expected

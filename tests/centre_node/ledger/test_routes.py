"""What a node's staff see of the ledger, and how a second person waives."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from centre_node.access import staff_token
from centre_node.jobs.store import JobStore
from centre_node.ledger.store import LEDGER, LedgerStore
from centre_node.main import create_app
from centre_node.database import open_database
from centre_node.privacy.policy_file import POLICY, policy_of
from centre_node.privacy.waivers import key_sha256, new_key
from centre_node.settings import Settings
from node_api.requests import TrainGeneratorRequest
from shared.canonical import digest_of
from tests.hub_server import serving

KEY = new_key()
WAIVER = {"training_job": "trained", "reason": "Phantoms only.", "key": KEY}


@pytest.fixture
def http(tmp_path: Path) -> Iterator[httpx.Client]:
    """A node that has a training, and whose policy names one person who may waive."""
    (tmp_path / POLICY).write_text(
        f'audit_required = true\n[[may_waive]]\nname = "The officer"\nkey_sha256 = "{key_sha256(KEY)}"\n'
    )
    settings = Settings(data_dir=tmp_path)
    app: FastAPI = create_app(settings)
    store = JobStore(open_database(tmp_path))
    store.add("trained", TrainGeneratorRequest(dataset="own"), None, now=datetime(2026, 1, 2))
    token = staff_token(settings).value
    # Without its lifespan no worker starts that would take the job.
    with serving(_Quiet(app), settings) as url:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=f"{url}/api/v1", headers=headers) as client:
            yield client

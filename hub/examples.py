"""A worked example of each body, as the hub's API page shows it."""

import json
from collections.abc import Mapping
from typing import Any

from shared.examples import (
    CARD,
    FETCHES,
    FINGERPRINT,
    MANIFEST,
    MANIFEST_DIGEST,
    POLICY_DIGEST,
    PUBLIC_KEY,
    STATEMENT_DIGEST,
    UTILITY_RECEIPT,
    VERSION_STATE,
    WEIGHTS_DIGEST,
    WHEN,
    WITHDRAWN,
)

LOG_HEAD: Mapping[str, Any] = {
    "number": 7,
    "sha256": "a9a0cda1f42b6619c44fd0661852cffb2b9283984b52e9ef200e7079b4d42bdc",
}
VERSION: Mapping[str, Any] = {
    "centre": "centre-b",
    "name": "masses",
    "version": 1,
    "status": "published",
    "published_at": WHEN,
    "manifest_digest": MANIFEST_DIGEST,
}
WHOLE_VERSION: Mapping[str, Any] = {
    **VERSION,
    "manifest": MANIFEST,
    "card": CARD,
    "audit_statement": STATEMENT_DIGEST,
}
RECEIPT: Mapping[str, Any] = {
    "receipt": UTILITY_RECEIPT,
    "signed_with": FINGERPRINT,
    "received_at": WHEN,
}
AUDIT_STATEMENT: Mapping[str, Any] = {
    "schema_version": 1,
    "kind": "audit",
    "subject": MANIFEST_DIGEST,
    "verdict": "passed",
    "decided_by": [],
    "policy_digest": POLICY_DIGEST,
    "tries": 1,
    "made_on": "2026-11-29",
    "genshare_version": "0.1.0",
    "differential_privacy": None,
    "waiver": None,
    "audit": {
        "samples": 10000,
        "members": {
            "patients": {"at_least": 480, "at_most": 489},
            "patches": {"at_least": 610, "at_most": 619},
        },
        "held_out": {
            "patients": {"at_least": 50, "at_most": 99},
            "patches": {"at_least": 50, "at_most": 99},
        },
        "attacks": [
            {
                "attack": "inversion",
                "unit": "patient",
                "auroc_upper": 0.58,
                "smallest_visible": 0.56,
                "hit_rate_upper": None,
            }
        ],
        "copies": "none beyond chance",
        "epsilon_at_least": 0.0,
        "epsilon_ceiling": 3.9,
        "positive_control": "found",
    },
}
BUNDLE: Mapping[str, Any] = {
    "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
    "verificationMaterial": {"publicKey": {"hint": FINGERPRINT}, "tlogEntries": []},
    "dsseEnvelope": {
        "payload": "eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEifQ==",
        "payloadType": "application/vnd.in-toto+json",
        "signatures": [
            {
                "sig": "MEQCIFVlqxDfCYPFs0uv0gA69Mj7cUYolK3Kuwn2XHyAupl8AiAxyfo/r+ieNZNSqM0YFU"
                "j7y4GCyVm2zizuG7mcugDzXg==",
                "keyid": FINGERPRINT,
            }
        ],
    },
}
KEY: Mapping[str, Any] = {
    "number": 1,
    "public_key": PUBLIC_KEY,
    "registered_at": WHEN,
    "rotation": None,
}
EVENT: Mapping[str, Any] = {
    "number": 5,
    "at": WHEN,
    "kind": "state changed",
    "centre": "centre-b",
    "name": "masses",
    "version": 1,
    "manifest_digest": MANIFEST_DIGEST,
    "state": "withdrawn",
    "alias": None,
}
EVENTS: Mapping[str, Any] = {"items": [EVENT], "last": 7, "more": False}
LOG_ENTRY: Mapping[str, Any] = {
    "entry": {
        "number": 7,
        "at": WHEN,
        "action": "published",
        "caller": "centre-b",
        "address": "192.0.2.17",
        "centre": "centre-b",
        "name": "masses",
        "version": 1,
        "subject": MANIFEST_DIGEST,
        "detail": {"files": 2, "size_bytes": 6347},
        "previous_sha256": "9645dcde9c943d91dc082897f1268131452ed1cb05c703b28a9de2b65956abd3",
    },
    "sha256": LOG_HEAD["sha256"],
}

EXAMPLES: Mapping[str, Any] = {
    "Alias": {
        "centre": "centre-b",
        "name": "masses",
        "alias": "best",
        "version": 2,
        "state": "approved",
        "history": [{"version": 2, "changed_at": WHEN, "changed_by": "centre-b"}],
    },
    "AliasTarget": {"version": 2},
    "AuditStatement": AUDIT_STATEMENT,
    "BlobDigests": {"digests": [WEIGHTS_DIGEST]},
    "Bundle": BUNDLE,
    "CallerIdentity": {"name": "centre-b", "role": "centre"},
    "Centre": {"name": "centre-b", "enrolled_at": WHEN, "removed_at": None},
    "CentreInvitation": {"name": "centre-b", "renew": False},
    "CentreKey": KEY,
    "CentreKeys": {"keys": [KEY]},
    "CentreToken": {"name": "centre-b", "token": "gsc_what-only-centre-b-knows"},
    "GeneratorEvents": EVENTS,
    "GeneratorPage": {"items": [WHOLE_VERSION], "next_cursor": None},
    "GeneratorVersion": WHOLE_VERSION,
    "LogHead": LOG_HEAD,
    "CentreFetches": FETCHES,
    "LogPage": {"items": [LOG_ENTRY], "next_cursor": None},
    "Manifest": MANIFEST,
    "NewKey": {"public_key": PUBLIC_KEY, "rotation": None},
    "ReceiptPage": {"items": [RECEIPT], "next_cursor": None},
    "StateWanted": WITHDRAWN,
    "VersionReceipts": {"items": [RECEIPT]},
    "VersionState": VERSION_STATE,
    "VersionStates": {"items": [{**VERSION_STATE, "history": []}]},
    "GET /api/v1/healthz": {"status": "ok"},
    "GET /api/v1/readyz": {"status": "ready"},
    "GET /api/v1/version": {"genshare": "0.1.0"},
    "GET /api/v1/generators/{centre}/{name}/aliases": ["best"],
    "GET /api/v1/events text/event-stream": (
        f"event: generators\ndata: {json.dumps(EVENTS)}\nid: 7\n\n"
    ),
    "GET /metrics text/plain": "genshare_hub_versions 4.0\n",
}

"""Worked examples of each job and of each other body, as the API's page shows them."""

import json
from collections.abc import Mapping
from typing import Any

from shared.examples import (
    CARD,
    CARD_FILE,
    FETCHES,
    FINGERPRINT,
    MANIFEST_DIGEST,
    POLICY_DIGEST,
    PUBLIC_KEY,
    REASON,
    REPLACEMENT,
    STATEMENT_DIGEST,
    UTILITY_RECEIPT,
    VERSION_STATE,
    WEIGHTS,
    WHEN,
)

PATCHES = {"margin_px": 8, "smallest_side_px": 16}
GENERATOR = "6f0ccf7694da26a19aec20898917dc020cfbabd7f3116a23940fe553b1c1fdec"
TRAINING = "0123456789abcdef0123456789abcdef"
STUDY: Mapping[str, Any] = {
    "dataset": "own",
    "workers": 2,
    "study": {
        "image_size": 64,
        "patches": PATCHES,
        "train_fractions": [0.25, 1.0],
        "seeds": [0, 1, 2],
        "synthetic_patches": 500,
        "arms": [
            {"name": "none"},
            {"name": "own lesions repeated", "oversampled": True},
            {"name": "with B", "generators": [GENERATOR]},
        ],
    },
}

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "Draw phantoms as an INbreast folder": {
        "kind": "write_phantoms",
        "phantoms": {
            "format": "phantoms",
            "style": "digital",
            "patients": 40,
            "seed": 1,
            "written_as": "inbreast",
        },
    },
    "Register a large folder": {
        "kind": "register",
        "name": "own",
        "source": {"format": "auto", "folder": "."},
    },
    "Look at what would be cut": {
        "kind": "preview",
        "dataset": "own",
        "lesion_kinds": ["mass"],
        "patches": PATCHES,
    },
    "Train a generator of masses": {
        "kind": "train_generator",
        "dataset": "own",
        "lesion_kinds": ["mass"],
        "architecture": {"kind": "dcgan", "image_size": 64},
        "training": {"epochs": 500, "seed": 0},
    },
    "Audit what it remembers of its patients": {
        "kind": "audit",
        "training_job": TRAINING,
        "seed": 0,
    },
    "Publish it": {
        "kind": "publish",
        "training_job": TRAINING,
        "name": "masses",
        "title": "Masses, 64 px",
        "licence": "CC-BY-4.0",
        "use_terms": "Research only",
        "contact": "research department",
    },
    "Pull another centre's": {"kind": "pull", "centre": "centre-b", "name": "masses"},
    "Sample 100 patches": {
        "kind": "sample",
        "generator": GENERATOR,
        "count": 100,
        "seed": 3,
    },
    "Ask how long a study would take": {"kind": "plan_study", **STUDY},
    "Study whether it helps": {"kind": "study", **STUDY},
}

SOURCES: Mapping[str, Mapping[str, Any]] = {
    "Mammograms in a folder": {"format": "inbreast", "folder": "INbreast"},
    "Phantoms": {"format": "phantoms", "style": "digital", "patients": 40, "seed": 1},
}
CONNECTIONS: Mapping[str, Mapping[str, Any]] = {
    "Join for the first time": {
        "centre": "centre-a",
        "url": "https://hub.example.org",
        "join_token": "gsj_what-the-operator-sent",
    },
    "Connect with a token": {
        "centre": "centre-a",
        "url": "https://hub.example.org",
        "token": "gsc_what-only-centre-a-knows",
    },
}
HUB: Mapping[str, Any] = {"centre": "centre-a", "url": "https://hub.example.org"}
JOB_ID = "fedcba9876543210fedcba9876543210"
REVIEW_DIGEST = "7e1d0a4f6c2b8395e07f1d4a6c3b8295d07e1f4a6c2b8395e07f1d4a6c3b8295"
WAIVER: Mapping[str, Any] = {
    "by": "research office",
    "reason": "Agreed with the data protection officer",
}
RECEIPT_ASKED: Mapping[str, Any] = {
    "study_job": JOB_ID,
    "arm": "with B",
    "classifier": "cnn",
    "train_fraction": 0.5,
}
PRUNABLE = {
    "id": JOB_ID,
    "kind": "train_generator",
    "finished_at": WHEN,
    "size_bytes": 734003200,
    "reason": "age",
}
JOB: Mapping[str, Any] = {
    "id": JOB_ID,
    "kind": "publish",
    "state": "awaiting_review",
    "request": EXAMPLES["Publish it"],
    "progress": None,
    "result": None,
    "problem": None,
    "artifacts": ["privacy.html"],
    "attempts": 1,
    "revision": 4,
    "created_at": WHEN,
    "started_at": WHEN,
    "finished_at": None,
    "hub": HUB,
    "review": {
        "digest": REVIEW_DIGEST,
        "hub": HUB,
        "card": CARD,
        "manifest_digest": MANIFEST_DIGEST,
        "statement_digest": STATEMENT_DIGEST,
        "policy_digest": POLICY_DIGEST,
        "files": [CARD_FILE, WEIGHTS],
        "verdict": "passed",
        "reasons": [],
        "waived_by": None,
        "collapse": None,
        "page": "privacy.html",
        "answer": None,
    },
    "retries": 0,
    "retry_at": None,
}

BODIES: Mapping[str, Any] = {
    "Approval": {"by": "data protection officer", "digest": REVIEW_DIGEST},
    "CentreFetches": FETCHES,
    "ConnectedHub": HUB,
    "Dataset": {
        "name": "own",
        "source": SOURCES["Mammograms in a folder"],
        "summary": {
            "images": 410,
            "patients": 108,
            "patients_in_several_splits": 0,
            "views": {"CC": 203, "MLO": 207},
            "lateralities": {"left": 208, "right": 202},
            "densities": {"A": 136, "B": 146, "C": 99, "D": 28, "unknown": 1},
            "lesions": 116,
            "single_point_lesions": 0,
            "kinds": {"mass": 116},
            "pathologies": {"unknown": 116},
            "sizes": {
                "mass": {
                    "count": 116,
                    "side_px": [155.0, 229.0, 345.0],
                    "side_mm": [10.9, 16.0, 24.2],
                }
            },
            "pixel_spacings_mm": {"0.07": 410},
            "excluded_regions": 0,
            "images_without_annotation": 67,
            "skipped": {},
        },
    },
    "GeneratorHere": {
        "manifest_digest": MANIFEST_DIGEST,
        "version": 1,
        "card": CARD,
        "weights": ["weights.safetensors"],
        "whole": True,
        "size_bytes": 6347,
        "problem": None,
        "state": VERSION_STATE,
    },
    "Job": JOB,
    "Ledger": {
        "entries": [
            {
                "number": 1,
                "subject": MANIFEST_DIGEST,
                "centre": "centre-a",
                "name": "masses",
                "verdict": "passed",
                "waiver": None,
                "patients": 53,
                "epsilon": None,
                "audit_digest": STATEMENT_DIGEST,
                "policy_digest": POLICY_DIGEST,
                "released": True,
                "turned_away": False,
                "version": 1,
                "decided_at": WHEN,
            }
        ],
        "entries_left_out": 0,
        "patients": [
            {"patient": "own 20586908", "versions": 1, "tries": 1, "refused": 0, "epsilon": None}
        ],
        "patients_left_out": 0,
    },
    "OwnKey": {"fingerprint": FINGERPRINT, "public_key": PUBLIC_KEY},
    "PrunableJob": PRUNABLE,
    "ReceiptApproval": {
        **RECEIPT_ASKED,
        "by": "head of radiology",
        "digest": REVIEW_DIGEST,
    },
    "ReceiptAsked": RECEIPT_ASKED,
    "ReceiptReview": {"digest": REVIEW_DIGEST, "hub": HUB, "receipt": UTILITY_RECEIPT},
    "Rejection": {"by": "data protection officer", "reason": "The use terms name no end"},
    "StatedWaiver": WAIVER,
    "Trust": {
        "schema_version": 1,
        "mode": "enforce",
        "first_use": False,
        "centres": {
            "centre-b": {
                "mode": None,
                "keys": [
                    {
                        "fingerprint": FINGERPRINT,
                        "how": "pinned",
                        "since": "2026-11-29",
                        "public_key": PUBLIC_KEY,
                    }
                ],
            }
        },
    },
    "VersionState": VERSION_STATE,
    "WaiverRequest": {
        "training_job": TRAINING,
        "reason": WAIVER["reason"],
        "key": "what-only-the-research-office-knows",
    },
    "Withdrawal": {
        "name": "masses",
        "version": 1,
        "reason": REASON,
        "replacement": REPLACEMENT,
    },
    "GET /api/v1/healthz": {"status": "ok"},
    "GET /api/v1/readyz": {"status": "ready"},
    "GET /api/v1/version": {"genshare": "0.1.0"},
    "GET /api/v1/jobs/{job_id}/events text/event-stream": (
        f"event: job\ndata: {json.dumps(JOB)}\nid: 4\n\n"
    ),
}
"""Examples by the name of their model, or by operation: see `shared.api_examples`."""

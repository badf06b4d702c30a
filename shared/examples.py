"""Worked examples of what crosses the border, as the API pages of hub and node show them."""

from collections.abc import Mapping
from typing import Any

WHEN = "2026-11-29T09:30:00Z"
MANIFEST_DIGEST = "8bc890d0a542deca5b27fb94a1119a327404d4657155a1332c7124bcb8f79d5f"
WEIGHTS_DIGEST = "eb82fbfc20b69013ea7894b820ec2fd3d67c3628c13a4574ef5b369106400b46"
POLICY_DIGEST = "1f0c2d3e4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
STATEMENT_DIGEST = "16db273aef487a1523bbe7cbd2a2e6de0a5f8fed72a2522dbfa4524a6d5c289b"
FINGERPRINT = "d73b633437c0db1db51f4e4da830a8a7565c30f4a177dbd268952f20bd25634c"
PUBLIC_KEY = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8sKheZR94TS1x9JfpRsEOOJSFV/K\n"
    "9t/Lajrmp4TxnDE/dKyQoMSAvTN0mYrRuPi5idJYsMdWEHgY+GUzyDYtVw==\n"
    "-----END PUBLIC KEY-----\n"
)
WEIGHTS: Mapping[str, Any] = {
    "name": "weights.safetensors",
    "size_bytes": 5547,
    "sha256": WEIGHTS_DIGEST,
}
CARD_FILE: Mapping[str, Any] = {
    "name": "card.json",
    "size_bytes": 800,
    "sha256": "be6d5cc79ba64919e49a6986170856cae18c00584a09791f66be7a473080bbf0",
}
MANIFEST: Mapping[str, Any] = {"schema_version": 1, "files": [CARD_FILE, WEIGHTS]}
CARD: Mapping[str, Any] = {
    "schema_version": 1,
    "centre": "centre-b",
    "name": "masses",
    "title": "Masses, 16 px",
    "licence": "CC-BY-4.0",
    "use_terms": "Research only",
    "contact": "research department",
    "architecture": {"kind": "dcgan", "image_size": 16, "latent_size": 4, "width": 4},
    "weights": [{**WEIGHTS, "epoch": None, "share": None}],
    "pixel_range": [-1.0, 1.0],
    "training_set": {
        "data_set": "INbreast",
        "lesion_kinds": ["mass"],
        "patients": 50,
        "patches": 80,
        "pixel_spacing_mm": None,
        "cutting": {"margin_px": 60, "smallest_side_px": 128},
    },
    "training": {
        "loss": "dcgan",
        "epochs": 500,
        "batch_size": 16,
        "genshare_version": "0.1.0",
        "averaged": True,
        "augmented": True,
    },
    "fidelity": None,
    "privacy": {
        "method": "none",
        "statement": "No formal privacy guarantee: the weights may reveal something of the training"
        " patches.",
    },
}
UTILITY_RECEIPT: Mapping[str, Any] = {
    "schema_version": 1,
    "subject": MANIFEST_DIGEST,
    "donor": "centre-b",
    "name": "masses",
    "version": 1,
    "receiver": "centre-a",
    "study": POLICY_DIGEST,
    "classifier": "cnn",
    "train_fraction": 0.5,
    "arm": "with B",
    "control": "own lesions painted",
    "metric": "auroc",
    "difference": 0.021,
    "interval": {"low": 0.004, "high": 0.039},
    "seeds": 10,
    "verdict": "higher",
    "patients": "50 to 99",
    "day": "2026-11-29",
    "genshare_version": "0.1.0",
}
REPLACEMENT: Mapping[str, Any] = {"centre": "centre-b", "name": "masses", "version": 2}
REASON = "It draws copies of training patches"
WITHDRAWN: Mapping[str, Any] = {
    "state": "withdrawn",
    "reason": REASON,
    "replacement": REPLACEMENT,
}
VERSION_STATE: Mapping[str, Any] = {
    "centre": "centre-b",
    "name": "masses",
    "version": 1,
    "manifest_digest": MANIFEST_DIGEST,
    **WITHDRAWN,
    "history": [{**WITHDRAWN, "changed_at": WHEN, "changed_by": "centre-b"}],
}
FETCHES: Mapping[str, Any] = {
    "items": [
        {"name": "masses", "version": 1, "by": "centre-b", "first_at": WHEN, "last_at": WHEN}
    ],
    "more": False,
}

"""A worked example of each job, as the API's page shows it."""

from collections.abc import Mapping
from typing import Any

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
        "architecture": {"image_size": 64},
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

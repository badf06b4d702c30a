"""Writes a package's metadata in medigan's schema."""

import json
from pathlib import PurePosixPath
from typing import Any

from node_api.losses import LOSSES
from shared.cards import ModelCard

NO_RESULTS = dict.fromkeys(("SSIM", "MSE", "NSME", "PSNR", "IS", "FID", "turing_test"))
DOWNSTREAM = ("trained_on_fake", "trained_on_real_and_fake", "trained_on_real")
GENERATED = {
    "mass": ["mass", "mass ROIs"],
    "calcification": ["calcification", "calcification ROIs"],
    "other": ["lesion ROIs"],
}


def medigan_json(card: ModelCard) -> str:
    """Return a generator's metadata as text, with its id as the one key."""
    return json.dumps({model_id(card): medigan_metadata(card)}, indent=2, ensure_ascii=False) + "\n"


def model_id(card: ModelCard) -> str:
    """Return the id that medigan gave the model, or a unique one of centre and name."""
    return card.origin.model_id if card.origin else f"{card.centre}_{card.name}"


def medigan_metadata(card: ModelCard) -> dict[str, Any]:
    """Return a generator's metadata in medigan's three parts; null is what is not known.

    The generate method has no name: a package of ours holds weights only, and medigan calls a
    function of the sender's.

    Source: Osuala et al. 2022 (medigan, arXiv 2209.14472) and the template in its repository.
    """
    return {
        "execution": _execution(card),
        "selection": _selection(card),
        "description": _description(card),
    }


def _execution(card: ModelCard) -> dict[str, Any]:
    only = PurePosixPath(card.weights[0].name) if len(card.weights) == 1 else None
    return {
        "package_name": f"{card.centre}_{card.name}",
        "package_link": None,
        "model_name": only.stem if only else None,
        "extension": only.suffix if only else None,
        "image_size": [card.architecture.image_size] * 2,
        "dependencies": ["numpy", "safetensors", "torch"],
        "generate_method": {
            "name": None,
            "args": {
                "base": ["model_file", "num_samples", "output_path", "save_images"],
                "custom": {},
            },
            "input_latent_vector_size": card.architecture.input_size,
        },
    }


def _selection(card: ModelCard) -> dict[str, Any]:
    kinds, side = card.training_set.lesion_kinds, card.architecture.image_size
    return {
        "performance": NO_RESULTS | {"downstream_task": {"CLF": dict.fromkeys(DOWNSTREAM)}},
        "use_cases": ["classification"],
        "organ": ["breast"],
        "modality": ["MMG", "Mammography"],
        "vendors": None,
        "centres": [card.centre],
        "function": ["noise to image", "image generation", f"{_kind(card)} generation"],
        "condition": list(card.architecture.classes),
        "dataset": [card.training_set.data_set],
        "augmentations": None,
        "generates": [text for kind in kinds for text in GENERATED[kind]],
        "height": side,
        "width": side,
        "depth": None,
        "type": LOSSES[card.training.loss].published_as,
        "license": card.licence,
        "dataset_type": None,
        "privacy_preservation": f"{card.privacy.method}: {card.privacy.statement}",
        "tags": ["Mammography", f"{side}x{side}"],
        "year": None,
    }


def _kind(card: ModelCard) -> str:
    return "class-conditional" if card.architecture.classes else "unconditional"


def _description(card: ModelCard) -> dict[str, Any]:
    origin = card.origin
    return {
        "title": card.title,
        "provided_date": None,
        "trained_date": None,
        "provided_after_epoch": card.training.epochs,
        "version": origin.version if origin else None,
        "publication": origin.publication if origin else None,
        "doi": list(origin.dois) if origin else [],
        "inputs": [],
        "comment": _comment(card),
    }


def _comment(card: ModelCard) -> str:
    """Say what medigan's schema has no field for."""
    counts = card.training_set
    low, high = card.pixel_range
    return (
        f"Trained on {counts.patches or 'an unknown number of'} patches of "
        f"{counts.patients or 'an unknown number of'} patients. Weights as safetensors for the "
        f"architecture {card.architecture.kind} of genshare; pixels from {low:g} to {high:g}. "
        f"Use terms: {card.use_terms}. Contact: {card.contact}.{_fidelity(card)}"
    )


def _fidelity(card: ModelCard) -> str:
    """Say how close samples are to real patches; medigan's FID is of other features than ours."""
    report = card.fidelity
    if report is None or report.synthetic.kid is None or report.real_real.kid is None:
        return ""
    return (
        f" Kernel distance to the training patches in {report.feature_count} features "
        f"({report.features}): {report.synthetic.kid:.3g}; of real patches to each other: "
        f"{report.real_real.kid:.3g}."
    )

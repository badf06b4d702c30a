"""Writes small COCO folders for tests."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

WIDTH, HEIGHT = 120, 160


def image_record(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "file_name": f"{number}.png",
        "width": WIDTH,
        "height": HEIGHT,
        "patient_id": f"p{number // 2}",
        "laterality": "L",
        "view": "CC" if number % 2 else "MLO",
        "breast_density": 1 + number % 4,
        **changes,
    }


def annotation(number: int, image: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "image_id": image,
        "category_id": 1,
        "bbox": [40, 50, 20, 30],
        "iscrowd": 0,
        **changes,
    }


def document(images: int = 12) -> dict[str, Any]:
    """Even-numbered patients have a lesion in both images, odd ones have none."""
    records = [image_record(number) for number in range(images)]
    lesions = [annotation(n, n) for n in range(images) if (n // 2) % 2 == 0]
    categories = [{"id": 1, "name": "mass"}, {"id": 2, "name": "calcification"}]
    return {"images": records, "annotations": lesions, "categories": categories}


def write_coco_folder(folder: Path, content: dict[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for record in content["images"]:
        random = np.random.default_rng(record["id"])
        pixels = random.integers(60, 256, (HEIGHT, WIDTH), dtype=np.uint8)
        pixels[:, 100:] = 0
        cv2.imwrite(str(folder / f"{record['id']}.png"), pixels)
    (folder / "annotations.coco.json").write_text(json.dumps(content))
    return folder

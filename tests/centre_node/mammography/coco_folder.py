"""Writes small COCO folders for tests."""

import json
import os
import shutil
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
        write_image(folder / f"{record['id']}.png", seed=record["id"])
    (folder / "annotations.coco.json").write_text(json.dumps(content))
    return folder


def write_image(path: Path, *, seed: int) -> None:
    """Write an image whose size in bytes is the same whatever it shows."""
    pixels = np.random.default_rng(seed).integers(60, 256, (HEIGHT, WIDTH), dtype=np.uint8)
    pixels[:, 100:] = 0
    cv2.imwrite(str(path), pixels, [cv2.IMWRITE_PNG_COMPRESSION, 0])


def copied(folder: Path, to: Path) -> Path:
    """Copy a folder as `cp -r` does: every file gets a time of its own."""
    shutil.copytree(folder, to)
    for path in to.iterdir():
        os.utime(path, ns=(1, 1))
    return to


def edit_unnoticed(path: Path, *, seed: int) -> None:
    """Put another image of the same size and time in the place of one."""
    before = path.stat()
    write_image(path, seed=seed)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)

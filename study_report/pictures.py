"""What a study's pictures show, told from their names."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from study_report.presented import Presented
from study_report.wording import listed, sentence

KNOWN = {
    "real-lesion-patches.png": "Real lesion patches that {centre} trained on.",
    "real-healthy-patches.png": "Real healthy patches that {centre} trained on.",
    "mistakes.png": "Test patches that the classifiers were surest of and wrong: missed lesions "
    "above, healthy patches taken for lesions below.",
}
SYNTHETIC = "synthetic-"


@dataclass(frozen=True)
class Picture:
    """A PNG as a page shows it."""

    caption: str
    source: str


def shown_pictures(study: Presented, pictures: Mapping[str, bytes]) -> tuple[Picture, ...]:
    """Return synthetic patches first, then mistakes and real patches."""
    order = ["mistakes.png", *KNOWN]
    names = sorted(pictures, key=lambda name: order.index(name) if name in order else -1)
    return tuple(Picture(_caption(study, name), data_url(pictures[name])) for name in names)


def data_url(png: bytes) -> str:
    """Return a PNG as an address that holds it."""
    return f"data:image/png;base64,{b64encode(png).decode()}"


def _caption(study: Presented, name: str) -> str:
    if name in KNOWN:
        return KNOWN[name].format(centre=study.centre)
    for used in study.result.generators:
        if name == f"{SYNTHETIC}{used.centre}-{used.name}.png":
            arms = listed([f"“{arm}”" for arm in used.arms])
            return f"Synthetic patches of {used.centre} ({used.title}), as {arms} used them."
    return sentence(name.removesuffix(".png").replace("-", " ")) + "."

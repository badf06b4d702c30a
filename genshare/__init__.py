"""Share generators, not patients: genshare in programs and notebooks.

    import genshare

    hub = genshare.Hub("https://hub.example.org", token="...")
    masses = hub.fetch("centre-b/masses")
    patches = masses.sample(64, seed=7)

Nothing here loads a tensor library before it is needed. What fails raises a
`shared.problems.GenshareError`, with the code, sentence and hint that the commands print.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genshare.interface.generators import Generator as Generator
    from genshare.interface.generators import compare as compare
    from genshare.interface.generators import lesion_patches as lesion_patches
    from genshare.interface.generators import open_generator as open_generator
    from genshare.interface.hubs import Hub as Hub
    from genshare.interface.studies import Study as Study
    from genshare.interface.studies import open_study as open_study
    from genshare.interface.studies import run_study as run_study

_PLACES = {
    "Generator": "generators",
    "Hub": "hubs",
    "Study": "studies",
    "compare": "generators",
    "lesion_patches": "generators",
    "open_generator": "generators",
    "open_study": "studies",
    "run_study": "studies",
}

__all__ = tuple(_PLACES)


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'genshare' has no attribute {name!r}")
    return getattr(importlib.import_module(f"genshare.interface.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})

"""What the screening service's record of an OPTIMAM client says of outcomes.

The outcome of an episode is one of CI (interval cancer), M (malignant), B (benign), NA (normal
after assessment) and N (normal). Where the record does not state it, it follows from the opinions
after biopsies and surgery, which stand for each breast and often for each lesion.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from centre_node.mammography.errors import BadMammogramsError

_GRAVEST_FIRST = ("CI", "M", "B", "NA", "N")
_HEALTHY = {"NA", "N"}
_PATHOLOGIES = {
    "CI": "malignant",
    "M": "malignant",
    "B": "benign",
    "NA": "normal",
    "N": "normal",
}
_PROCEDURES = ("SURGERY", "BIOPSYWIDE", "BIOPSYFINE")
_EXAMINATIONS = (*_PROCEDURES, "ASSESSMENT", "CLINICAL")
_SIDES = {"L": "left_opinion", "R": "right_opinion"}
_OF_BREAST = {"OM": "M", "Malignant": "M", "OB": "B", "Benign": "B"}
_OF_LESION = {
    **dict.fromkeys(("H5", "B5", "C5", "Hist malignant", "Malignant", "Cyt malig"), "malignant"),
    **dict.fromkeys(("H2", "B2", "C2", "Histol benign", "Benign", "Cyt benign"), "benign"),
}


@dataclass(frozen=True, slots=True)
class NbssRecord:
    """A client's episodes.

    Attributes:
        stated: The client's outcome, where the record states one.
    """

    episodes: Mapping[str, Mapping[str, Any]]
    stated: str | None = None

    @property
    def is_healthy(self) -> bool:
        """Tell whether every outcome that is known is normal, and one is.

        The earlier episodes of a client with cancer are not: the cancer may show in them.
        """
        known = self._known()
        return bool(known) and known <= _HEALTHY

    def outcome(self, episode: str | None) -> str | None:
        """Return the episode's outcome or, where it has none, the gravest of the client's."""
        own = _outcome(self.episodes.get(episode or "", {}), "LR")
        return own or next((code for code in _GRAVEST_FIRST if code in self._known()), None)

    def pathology(
        self, episode: str | None, side: str | None, lesions: Iterable[str]
    ) -> str | None:
        """Return what is known of a mark that is linked to lesions of an episode.

        The lesions' own opinions come first, then the outcome of the breast. None where the episode
        is unknown and the client's outcomes differ.
        """
        linked = self.episodes.get(episode or "")
        if linked is None:
            known = self._known()
            return _PATHOLOGIES[known.pop()] if len(known) == 1 else None
        own = _lesion_opinions(linked, side or "LR", lesions)
        if own:
            return max(own)  # malignant, if one of them is
        return _PATHOLOGIES.get(_outcome(linked, side or "LR") or "")

    def _known(self) -> set[str]:
        if self.stated is not None:
            return {self.stated}
        return {
            code
            for episode in self.episodes.values()
            if (code := _outcome(episode, "LR")) is not None
        }


NO_RECORD = NbssRecord({})


def read_nbss(path: Path) -> NbssRecord:
    """Read a client's record; one that is missing says nothing.

    Raises:
        BadMammogramsError: It cannot be read or is no JSON object.
    """
    if not path.is_file():
        return NO_RECORD
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise BadMammogramsError("an nbss file cannot be read, or is not JSON") from error
    if not isinstance(document, dict):
        raise BadMammogramsError("an nbss file holds no JSON object")
    episodes = {key: value for key, value in document.items() if isinstance(value, dict)}
    return NbssRecord(episodes, _stated(document))


def _outcome(episode: Mapping[str, Any], sides: Sequence[str]) -> str | None:
    """Return an episode's outcome, of both breasts or of one.

    Source: the rules are those of the omidb library, but a biopsy without a finding leaves the
    outcome open.
    """
    stated = _stated(episode)
    if stated is not None:
        return stated
    done = [event for name in _PROCEDURES if (event := _part(episode, name))]
    found = {_OF_BREAST.get(str(event.get(_SIDES[side]))) for event in done for side in sides}
    is_interval = episode.get("EpisodeType") in ("CI", "Interval case")
    if "M" in found or (is_interval and not done):
        return "CI" if is_interval else "M"
    if "B" in found and not is_interval:
        return "B"
    if is_interval or done or not _has_opinions(episode):
        return None
    if _part(episode, "ASSESSMENT"):
        return "NA"
    return "N" if _part(episode, "SCREENING") else None


def _has_opinions(episode: Mapping[str, Any]) -> bool:
    """Tell whether each examination after screening ended with an opinion."""
    events = [event for name in _EXAMINATIONS if (event := _part(episode, name))]
    return all(any(event.get(key) for key in _SIDES.values()) for event in events)


def _lesion_opinions(
    episode: Mapping[str, Any], sides: Sequence[str], lesions: Iterable[str]
) -> set[str]:
    """Return the opinions of the procedure that says most: surgery, then wide, then fine needle."""
    numbers = list(lesions)
    for name in _PROCEDURES:
        event = _part(episode, name)
        opinions = {
            _OF_LESION.get(str(_part(_part(event, side), number).get("Opinion")))
            for side in sides
            for number in numbers
        }
        found = {opinion for opinion in opinions if opinion is not None}
        if found:
            return found
    return set()


def _stated(document: Mapping[str, Any]) -> str | None:
    for key, value in document.items():
        if key.lower().endswith("outcome") and value in _GRAVEST_FIRST:
            return str(value)
    return None


def _part(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = document.get(key)
    return part if isinstance(part, dict) else {}

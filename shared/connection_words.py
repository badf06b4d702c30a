"""Why no answer came, in words for whoever asked."""

import re

from shared.safe_text import shown

SYSTEMS = {
    "Connection refused": "nothing listens at that address and port",
    "Name or service not known": "there is no machine of that name",
    "Temporary failure in name resolution": "its name cannot be looked up now",
    "No address associated with hostname": "there is no machine of that name",
    "No route to host": "no network leads to that machine",
    "Network is unreachable": "no network leads to that machine",
}
NUMBER = re.compile(r"^\[Errno -?\d+\] ")


def why_no_answer(error: Exception) -> str:
    """Return why there is none: without the number that the system has for it."""
    told = NUMBER.sub("", str(error))
    return SYSTEMS.get(told) or shown(told) or type(error).__name__

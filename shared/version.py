"""The version of the code, as it stands on cards, in provenance and at `/version`."""

from importlib.metadata import version


def genshare_version() -> str:
    """Return the installed distribution's version, such as "0.1.0"."""
    return version("genshare")

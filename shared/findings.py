"""What the doctor found, thing by thing."""

from typing import Literal

from shared.models import StrictModel

State = Literal["fine", "notice", "broken", "not looked at"]


class Finding(StrictModel):
    """One thing that was looked at.

    Attributes:
        found: What is there, in words.
        remedy: What to do; empty where nothing is to be done.
    """

    thing: str
    state: State
    found: str
    remedy: str = ""


def fine(thing: str, found: str) -> Finding:
    """Return that all is well."""
    return Finding(thing=thing, state="fine", found=found)


def notice(thing: str, found: str, remedy: str) -> Finding:
    """Return what works, but may not be what one wants."""
    return Finding(thing=thing, state="notice", found=found, remedy=remedy)


def broken(thing: str, found: str, remedy: str) -> Finding:
    """Return what keeps genshare from working."""
    return Finding(thing=thing, state="broken", found=found, remedy=remedy)


def not_looked_at(thing: str, why: str, remedy: str) -> Finding:
    """Return what nothing is known of, and how to have it looked at."""
    return Finding(thing=thing, state="not looked at", found=why, remedy=remedy)

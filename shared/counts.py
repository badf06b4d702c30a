"""Counts in words: one of a thing is no plural."""


def named(count: int, one: str, many: str = "") -> str:
    """Return what so many are called: "patch" or "patches".

    Args:
        many: By default `one` with an s.
    """
    return one if count == 1 else many or f"{one}s"


def counted(count: int, one: str, many: str = "") -> str:
    """Return "1 patch" or "2,000 patches"; a verb behind the noun agrees too ("run is")."""
    return f"{count:,} {named(count, one, many)}"

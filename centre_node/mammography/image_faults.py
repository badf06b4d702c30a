"""How an image that cannot be used is refused: for a person, and to be counted."""

from centre_node.mammography.errors import BadImageError


def refused(name: str, fault: str, *, counted_as: str | None = None) -> BadImageError:
    """Return the error that says `name fault`.

    Args:
        fault: What is wrong, and what was expected behind a semicolon.
        counted_as: The same without what differs from image to image; None where nothing does.
    """
    reason = counted_as or fault.partition(";")[0]
    return BadImageError(f"{name} {fault}", reason=f"it {reason}")


def other_size(name: str, found: tuple[int, int], said: tuple[int, int]) -> BadImageError:
    """Return the error of an image whose width and height are others than its record says."""
    return refused(
        name,
        f"is {found[0]} x {found[1]} px, but its record says {said[0]} x {said[1]}",
        counted_as="is of another size than its record says",
    )

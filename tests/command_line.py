"""What `genshare` prints and how it ends, called in the test's own process."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Done:
    code: int
    stdout: str
    stderr: str


Genshare = Callable[..., Done]

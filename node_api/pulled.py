"""The generators of others that lie at a node."""

from pydantic import Field

from shared.cards import ModelCard
from shared.models import StrictModel
from shared.names import Digest
from shared.states import VersionState


class GeneratorHere(StrictModel):
    """A generator that was pulled.

    Attributes:
        version: At the hub; None where the job that pulled it was deleted.
        card: None where the folder is damaged, which `problem` then tells.
        weights: The weight files that lie here, in the card's order.
        whole: Whether they are all that the version has.
        size_bytes: Of the files that lie here.
        state: What the hub said last of the version; None: nothing but that it is approved.
    """

    manifest_digest: Digest
    version: int | None = None
    card: ModelCard | None = None
    weights: tuple[str, ...] = ()
    whole: bool = False
    size_bytes: int = Field(0, ge=0)
    problem: str | None = None
    state: VersionState | None = None

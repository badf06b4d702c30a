"""Errors of drawing synthetic patches."""

from centre_node.errors import NodeError


class RecipeRefusedError(
    NodeError,
    code="GS-3401",
    title="Recipe refused",
    hint="Use the recipe.json that lies beside the patches, and the package or the mammograms that "
    "it is of.",
):
    """A recipe cannot be read, or is not of what it is used with."""


class PatchesNotKeptError(
    NodeError,
    code="GS-3402",
    status=507,
    title="Patches not kept",
    hint="Choose a new folder, where you may write, on a disk with room.",
):
    """Sampled patches cannot be written."""

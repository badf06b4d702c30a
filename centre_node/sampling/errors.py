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


class GeneratorOutputError(
    NodeError,
    code="GS-3405",
    title="Generator of another output",
    hint="A card says in architecture.output what its generator draws: residual, or else patches.",
):
    """Residuals are used as patches, or patches as residuals."""


class PatchesNotKeptError(
    NodeError,
    code="GS-3402",
    status=507,
    title="Patches not kept",
    hint="Choose a new folder, where you may write, on a disk with room.",
):
    """Sampled patches cannot be written."""


class UseNotAllowedError(
    NodeError,
    code="GS-3601",
    title="Use not allowed",
    hint="Draw fewer patches, or ask the contact on the generator's card.",
):
    """A generator's terms do not allow what is asked of it."""

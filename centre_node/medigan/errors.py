"""Errors of medigan's packages."""

from centre_node.errors import NodeError


class MediganPackageError(
    NodeError,
    code="GS-3411",
    title="medigan package refused",
    hint="Download the package again; it is a folder or zip with one weight file of PyTorch.",
):
    """A medigan package is unsafe, damaged, or holds no weights."""


class UnknownMediganModelError(
    NodeError,
    code="GS-3412",
    title="Unknown medigan model",
    hint="genshare import-medigan --help lists the models that can be imported.",
):
    """The weights are not those of a medigan model that genshare can declare."""


class MediganMetadataError(
    NodeError,
    code="GS-3413",
    title="medigan metadata unusable",
    hint="Give medigan's global.json or the model's own metadata.json with --metadata.",
):
    """A model's metadata cannot be read, or speak of another model."""

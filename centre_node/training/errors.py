"""Errors of training a generator on a folder of mammograms."""

from centre_node.errors import NodeError


class TrainingFolderError(
    NodeError,
    code="GS-3403",
    title="Training folder unusable",
    hint="genshare train-generator --out makes such a folder; each training needs one of its own.",
):
    """A folder holds another training than the one asked for, or none that is finished."""

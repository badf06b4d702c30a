"""Errors of measuring fidelity."""

from centre_node.errors import NodeError


class FeatureWeightsError(
    NodeError,
    code="GS-3209",
    title="Feature weights unusable",
    hint="Give the file of torchvision's Inception v3, such as inception_v3_google-0cc3c7bd.pth.",
):
    """The weights that features are to be computed with cannot be used."""

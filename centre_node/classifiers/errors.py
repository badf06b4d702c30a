"""Errors of classifiers."""

from centre_node.errors import NodeError


class InitialWeightsError(
    NodeError,
    code="GS-3205",
    title="Initial weights unusable",
    hint="Give the safetensors file that initial_weights names, saved from the same network.",
):
    """A classifier cannot start from the weights of a file."""

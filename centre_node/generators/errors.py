"""Errors of training and using generators."""

from centre_node.errors import NodeError


class TooFewPatchesError(
    NodeError,
    code="GS-3201",
    title="Too few patches",
    hint="Use more mammograms or kinds of lesion; a training may have a lower batch_size.",
):
    """A training set is smaller than one batch."""


class CheckpointError(
    NodeError,
    code="GS-3203",
    title="Checkpoint unusable",
    hint="Remove the checkpoint to train from the start.",
):
    """A checkpoint cannot be read, or belongs to another configuration."""


class ModeCollapseError(
    NodeError,
    code="GS-3204",
    title="Mode collapse",
    hint="Train with loss wgan-gp or relativistic, or set on_collapse to warn.",
):
    """A generator draws nearly the same patch for every latent."""


class NotEnoughMemoryError(
    NodeError,
    code="GS-3206",
    status=507,
    title="Not enough memory",
    hint="Lower batch_size, the patches' size or the networks' width, or free memory.",
):
    """A device cannot hold a training."""


class CompilationError(
    NodeError,
    code="GS-3207",
    title="Networks not compiled",
    hint="Install a C++ compiler such as g++, or train with compile = false.",
):
    """The networks cannot be compiled on this machine."""


class TensorboardMissingError(
    NodeError,
    code="GS-3208",
    title="TensorBoard not installed",
    hint="pip install 'genshare[tensorboard]', or train without it.",
):
    """A training is to write for TensorBoard, which is not installed."""


class FlatPatchesError(
    NodeError,
    code="GS-3210",
    title="Flat patches",
    hint="Look at the patches: genshare data preview draws what is cut.",
):
    """There is nothing in the patches that a generator could learn."""


class PrivacyError(
    NodeError,
    code="GS-3211",
    title="Privacy cannot be promised",
    hint="Change what is named, or train with the recipe improved, which promises none.",
):
    """A training cannot keep, or count, what the recipe private promises to patients."""

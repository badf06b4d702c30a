"""Errors of studies."""

from centre_node.errors import NodeError


class StudyStoppedError(
    NodeError,
    code="GS-3501",
    status=409,
    title="Study stopped",
    hint="Start it again; finished runs are not done again.",
):
    """A study was stopped while it ran."""


class StudyFailedError(
    NodeError,
    code="GS-3502",
    title="Study failed",
    hint="See what the run says; the log tells more.",
):
    """Not one run of a study came to its end."""


class EngineError(
    NodeError,
    code="GS-3503",
    status=503,
    title="No engine",
    hint="Use the local engine, or see that the Ray cluster runs the same genshare.",
):
    """What is to do a study's runs cannot be reached, or is not installed."""


class StudyFileError(
    NodeError,
    code="GS-3504",
    title="Study file unusable",
    hint="genshare init FOLDER writes a study file for your own mammograms.",
):
    """A study file, or a folder of a study's results, cannot be used."""


class GeneratorClassesError(
    NodeError,
    code="GS-3506",
    title="Generator without the classes",
    hint="Take a generator whose card has the classes benign and malignant, or leave the arm out.",
):
    """A study needs patches of both pathologies, and a generator knows none."""


class SamplesAlteredError(
    NodeError,
    code="GS-3507",
    status=409,
    title="Samples altered",
    hint="Start the study again: altered patches are made anew, and runs that are done are kept.",
):
    """A file of synthetic or painted patches is not what it was when the study was made ready."""


class NoReceiptError(
    NodeError,
    code="GS-2340",
    title="No receipt to make",
    hint="docs/trust.md says what a receipt is made of.",
):
    """A study does not say what a generator was worth, or the hub does not have the generator."""


class NoControlError(
    NodeError,
    code="GS-3508",
    title="No control",
    hint="docs/study.md says which arms are controls.",
):
    """Generators are to be chosen, and there is no control that they must beat."""


class GeneratorSizeError(
    NodeError,
    code="GS-3505",
    title="Generator of another size",
    hint="Set the study's image_size to that of its generators, or take others.",
):
    """A generator makes patches of another size than a study's."""


class RepeatedArmsError(
    NodeError,
    code="GS-3509",
    title="Arms repeat something",
    hint="Leave one of the two out, or change what it adds.",
):
    """Two arms of a study differ in their names alone, or an arm names a source twice."""

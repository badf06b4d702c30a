"""Makes a publishable package of a medigan package."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError
from safetensors.torch import save

from centre_node.errors import NotPublishableError
from centre_node.medigan.checkpoints import read_checkpoint
from centre_node.medigan.known_models import KnownModel
from centre_node.medigan.metadata import Description, Selection, read_metadata
from centre_node.medigan.package_files import read_package
from centre_node.medigan.pixel_range import seen_pixel_range
from centre_node.medigan.recognition import Recognised, recognise
from shared.cards import SMALLEST_COUNT, ModelCard, Origin, Training, TrainingSet, WeightFile
from shared.errors import PackageNotKeptError
from shared.files import write_faults_named, write_whole
from shared.models import StrictModel, validation_summary
from shared.names import Name
from shared.packages import Package, write_package
from shared.terms import CentreTerms
from shared.weights import inspect_weights

WEIGHTS = "weights.safetensors"


class Publication(StrictModel):
    """What the importing centre says. None leaves a text or count to metadata and paper."""

    centre: Name = Field(description="The centre that publishes it.")
    use_terms: str = Field(description="What a receiver may do with it.")
    contact: str = Field(description="Whom a receiver can ask.")
    name: Name | None = Field(
        None, description="What it is called on the hub; by default medigan- and its number."
    )
    title: str | None = Field(
        None, description="What it makes, in a line for people; by default the metadata's."
    )
    licence: str | None = Field(
        None, description="The licence of its weights; by default the metadata's."
    )
    patients: int | None = Field(
        None, ge=SMALLEST_COUNT, description="How many patients it was trained on."
    )
    patches: int | None = Field(
        None, ge=SMALLEST_COUNT, description="How many patches it was trained on."
    )

    def terms(
        self, model: KnownModel, selection: Selection, description: Description
    ) -> CentreTerms:
        """Return the terms on the card: the centre's, then the metadata's, then the paper's.

        Raises:
            NotPublishableError: Neither the centre nor the metadata name a licence.
            ValidationError: A text may not be on a card.
        """
        licence = self.licence or selection.licence
        if licence is None:
            raise NotPublishableError(
                f"no licence of {model.number} is known: none was given, and no metadata name one"
            )
        return CentreTerms(
            centre=self.centre,
            name=self.name or f"medigan-{model.number}",
            title=self.title or description.title or model.title,
            licence=licence,
            use_terms=self.use_terms,
            contact=self.contact,
        )


@dataclass(frozen=True, slots=True)
class Imported:
    """A package, and what its reader should know of how it came about."""

    package: Package
    model: KnownModel
    left_out: tuple[str, ...]
    unknown: tuple[str, ...]


def import_package(
    source: Path,
    out: Path,
    said: Publication,
    *,
    scratch: Path,
    metadata: bytes | None = None,
    wanted: str | None = None,
) -> Imported:
    """Write a medigan package's generator to the folder `out` as a package of ours.

    The same input gives the same package, byte for byte. A failure leaves nothing in `out`.

    Args:
        source: A folder, zip or weight file.
        out: A folder that must not exist.
        said: What the importing centre says of the generator.
        scratch: An empty folder for copies, as large as the weight file.
        metadata: medigan's; None uses those inside the package, if any.
        wanted: Which model it is; None tells by tensors and file name.

    Raises:
        MediganPackageError, UnknownMediganModelError, MediganMetadataError: See `read_package`,
            `recognise` and `read_metadata`.
        WeightsRefusedError: A weight is NaN or infinite.
        NotPublishableError: The card lacks a licence, or a text or count may not be on it.
        PackageNotKeptError: `out` exists or cannot be written.
    """
    if out.exists():
        raise PackageNotKeptError(f"{out} already exists; a package is written to a new folder")
    files = read_package(source, scratch)
    checkpoint = read_checkpoint(files.weights, files.weights_name)
    found = recognise(checkpoint, files.weights_name, wanted)
    selection, description = _facts(files.metadata if metadata is None else metadata, found.model)
    weights = _write_weights(scratch / WEIGHTS, found)
    pixel_range = found.model.pixel_range or seen_pixel_range(weights, found.model.architecture)

    def card_of(copies: tuple[WeightFile, ...]) -> ModelCard:
        return _card(copies, pixel_range, found.model, selection, description, said)

    with write_faults_named(out, PackageNotKeptError, full=PackageNotKeptError):
        package = write_package(out, [weights], card_of)
    return Imported(package, found.model, found.left_out, tuple(_unknown(package.card)))


def _write_weights(path: Path, found: Recognised) -> Path:
    """Write the tensors of a model as the weight file of its architecture, and check it."""
    write_whole(path, lambda file: file.write(save(dict(found.tensors))))
    inspect_weights(path, found.model.architecture.generator_tensors())
    return path


def _facts(content: bytes | None, model: KnownModel) -> tuple[Selection, Description]:
    """Return what medigan's metadata say; nothing where there are none."""
    if content is None:
        return Selection(), Description()
    about = read_metadata(content, model)
    return about.selection, about.description


def _card(
    weights: tuple[WeightFile, ...],
    pixel_range: tuple[float, float],
    model: KnownModel,
    selection: Selection,
    description: Description,
    said: Publication,
) -> ModelCard:
    """Fill the card from what the centre says, then the metadata, then what the paper says."""
    try:
        return ModelCard(
            architecture=model.architecture,
            weights=weights,
            pixel_range=pixel_range,
            training_set=_training_set(model, selection, said),
            training=_training(model, description),
            origin=_origin(model, description),
            **said.terms(model, selection, description).model_dump(),
        )
    except ValidationError as error:
        raise NotPublishableError(f"the card is refused: {validation_summary(error)}") from error


def _training_set(model: KnownModel, selection: Selection, said: Publication) -> TrainingSet:
    return TrainingSet(
        data_set=", ".join(selection.dataset) or model.data_set,
        lesion_kinds=model.lesion_kinds,
        patients=said.patients,
        patches=model.patches if said.patches is None else said.patches,
    )


def _training(model: KnownModel, description: Description) -> Training:
    return Training(
        loss=model.loss,
        epochs=description.provided_after_epoch or model.epochs,
        batch_size=model.batch_size,
        genshare_version=None,
    )


def _origin(model: KnownModel, description: Description) -> Origin:
    return Origin(
        catalogue="medigan",
        model_id=model.model_id,
        version=description.version,
        publication=description.publication,
        dois=description.doi,
    )


def _unknown(card: ModelCard) -> Iterator[str]:
    """Name what the card says is not known; a seed is not told by any card."""
    for part in (card.training_set, card.training):
        for name, value in part:
            if value is None and name != "seed":
                yield name

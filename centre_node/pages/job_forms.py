"""The form of each kind of job, with the defaults filled in; a study's has its own module.

What defaults depend on (the data set; of a training its recipe, loss and architecture) is chosen
before, and then fixed in the form: so every field can show the number that holds.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import TypeAdapter

from centre_node.pages.forms import Choice, FieldGroup, Form, FormField, blank_field, fields_of
from node_api.data_sources import PhantomSet
from node_api.generator_training import GeneratorTraining
from node_api.losses import DEFAULT_LOSS, LOSSES
from node_api.patches import PatchConfiguration
from node_api.requests import (
    AuditRequest,
    JobKind,
    PreviewRequest,
    PublishRequest,
    PullRequest,
    SampleRequest,
    TrainGeneratorRequest,
    WritePhantomsRequest,
)
from node_api.studies import EVERY_KIND
from shared.architectures import Architecture
from shared.names import LesionKind
from shared.terms import Terms

ARCHITECTURE: TypeAdapter[Architecture] = TypeAdapter(Architecture)
PHANTOM_STYLES = {"digital": "inbreast", "film": "bcdr", "soft": "optimam"}
PRIVATE = {"recipe": "private", "privacy": {"epsilon": 8.0}}
USUAL_COUNT = 64
SMALL = {"image_size": 64, "width": 16}
PAPERS = PatchConfiguration()
USUAL_TERMS = {"licence": "CC-BY-4.0", "use_terms": "Research only"}
NO_TERMS = dict.fromkeys(Terms.model_fields, "none")
MORE = "More settings"


@dataclass(frozen=True, slots=True)
class AtHand:
    """What a node has that a job can be about.

    Attributes:
        datasets: Names of registered data sets.
        lesions: How many each data set has, by their kind.
        spacings_mm: The median pixel of a data set; of one with an unknown pixel, none.
        trainings: Finished trainings, newest first.
        generators: Pulled ones, by manifest digest.
        residuals: Digests of those that draw residuals, which are painted on healthy patches.
    """

    datasets: Sequence[str] = ()
    lesions: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    spacings_mm: Mapping[str, float] = field(default_factory=dict)
    trainings: Sequence[Choice] = ()
    generators: Sequence[Choice] = ()
    residuals: Collection[str] = ()

    def chosen(self, dataset: str) -> str:
        """Return the data set that was chosen; the first, if none was."""
        return dataset or next(iter(self.datasets), "")

    def kinds(self, dataset: str) -> tuple[LesionKind, ...]:
        """Return the kinds of lesions that a data set has; every one where it has none."""
        found = self.lesions.get(dataset, {})
        return tuple(kind for kind in EVERY_KIND if found.get(kind)) or EVERY_KIND


@dataclass(frozen=True, slots=True)
class TrainingStart:
    """What the defaults of a training depend on."""

    recipe: str = "improved"
    loss: str = DEFAULT_LOSS
    architecture: str = "dcgan"

    @classmethod
    def asked(cls, query: Mapping[str, str]) -> "TrainingStart":
        """Return what was asked for; what does not exist is left as it is by default."""
        known = {
            "recipe": {"paper", "improved", "private"},
            "loss": set(LOSSES),
            "architecture": {"dcgan", "residual"},
        }
        start = cls(**{name: query[name] for name in known if query.get(name) in known[name]})
        if start.recipe == "private":
            return replace(start, loss="dcgan")
        if start.recipe == "paper" and not LOSSES[start.loss].is_the_papers:
            return replace(start, loss="dcgan")
        return start

    def training(self) -> GeneratorTraining:
        """Return a training with every default."""
        if self.recipe == "private":
            return GeneratorTraining.model_validate(PRIVATE)
        return GeneratorTraining.model_validate({"recipe": self.recipe, "loss": self.loss})


def phantoms_form(style: str = "digital") -> Form:
    """Ask which phantoms are to be drawn."""
    drawn = {"style": style, "patients": 60, "seed": 1, "written_as": PHANTOM_STYLES[style]}
    request = WritePhantomsRequest(phantoms=PhantomSet.model_validate(drawn))
    fields = relabelled(fields_of(request, without=("kind", "phantoms.format")), PHANTOM_LABELS)
    return Form(
        title="Draw phantoms",
        lead="Phantoms are mammograms that a program draws. No patient is involved: they are for "
        "trying everything out.",
        groups=split([_without_none(field) for field in fields], FIRST_OF_PHANTOMS),
        button="Draw them",
        hidden={"kind": "write_phantoms"},
    )


def preview_form(at_hand: AtHand, dataset: str = "", patches: PatchConfiguration = PAPERS) -> Form:
    """Ask of which data set patches are to be drawn, and how they are cut."""
    chosen = at_hand.chosen(dataset)
    request = PreviewRequest(dataset="own", patches=patches, lesion_kinds=at_hand.kinds(chosen))
    fields = [*of_patches(fields_of(request, without=("kind", "dataset")))]
    return Form(
        title="Look at patches",
        lead="Cuts patches as a training would and draws them, lesions with their outlines. The "
        "pictures stay here.",
        groups=split(fields, ("lesion_kinds", *MARGINS, "patients")),
        button="Draw them",
        hidden={"kind": "preview", "dataset": chosen},
        missing="" if at_hand.datasets else NO_DATASET,
        ways=TO_DATASET,
    )


def train_form(
    at_hand: AtHand,
    start: TrainingStart,
    dataset: str = "",
    patches: PatchConfiguration = PAPERS,
) -> Form:
    """Ask what a generator is to be trained on, and how."""
    chosen = at_hand.chosen(dataset)
    request = TrainGeneratorRequest(
        dataset="own",
        lesion_kinds=at_hand.kinds(chosen),
        patches=patches,
        architecture=ARCHITECTURE.validate_python({"kind": start.architecture, **SMALL}),
        training=start.training(),
    )
    fixed = ("kind", "dataset", "architecture.kind", "training.recipe", "training.loss")
    fields = [*of_patches(fields_of(request, without=fixed))]
    return Form(
        title="Train a generator",
        lead="A generator learns to draw lesions like those of your patients. It trains here; the "
        "mammograms stay where they are.",
        groups=split(fields, FIRST_OF_TRAINING),
        button="Start the training",
        hidden={
            "kind": "train_generator",
            "dataset": chosen,
            "training.recipe": start.recipe,
            "training.loss": start.loss,
            "architecture.kind": start.architecture,
        },
        missing="" if at_hand.datasets else NO_DATASET,
        ways=TO_DATASET,
    )


def audit_form(at_hand: AtHand, training: str = "") -> Form:
    """Ask how a generator is to be attacked."""
    request = AuditRequest(training_job=training)
    fields = [
        _of_training(at_hand, training),
        *relabelled(fields_of(request, without=NOT_OF_A_FORM), {"threads": THREADS}),
    ]
    return Form(
        title="Audit a generator",
        lead="The audit attacks a generator as somebody would who has its weights: can one tell "
        "from them who was among the patients?",
        groups=split(fields, ("training_job", "samples", "positive_control")),
        button="Start the audit",
        hidden={"kind": "audit"},
        missing="" if at_hand.trainings else NO_TRAINING,
        ways=TO_TRAINING,
    )


def publish_form(at_hand: AtHand, training: str = "") -> Form:
    """Ask under which name and terms a generator is to be published."""
    terms = [
        replace(blank_field(PublishRequest, name), value=USUAL_TERMS.get(name, ""))
        for name in Terms.model_fields
    ]
    request = PublishRequest(training_job=training, **NO_TERMS)
    rest = fields_of(request, without=(*NOT_OF_A_FORM, *Terms.model_fields))
    fields = [_of_training(at_hand, training), *terms, *relabelled(rest, {"threads": THREADS})]
    return Form(
        title="Publish a generator",
        lead="Before anything is sent, you see exactly what would leave, and someone must approve.",
        groups=split(fields, ("training_job", *Terms.model_fields)),
        button="Prepare the release",
        hidden={"kind": "publish"},
        missing="" if at_hand.trainings else NO_TRAINING,
        ways=TO_TRAINING,
    )


def pull_form(centre: str = "", name: str = "") -> Form:
    """Ask which generator is to be fetched from the hub."""
    request = PullRequest(centre="centre", name="name")
    fields = [
        replace(blank_field(PullRequest, "centre"), value=centre, help="Who published it."),
        replace(blank_field(PullRequest, "name"), value=name, help="What it is called on the hub."),
        *relabelled(
            fields_of(request, without=("kind", "centre", "name")),
            {"threads": THREADS, "version": {"help": "Left blank, the latest."}},
        ),
    ]
    return Form(
        title="Pull a generator",
        lead="What another centre published is fetched from the hub and checked, file by file.",
        groups=split(fields, ("centre", "name", "version")),
        button="Pull it",
        hidden={"kind": "pull"},
    )


def sample_form(at_hand: AtHand, generator: str = "") -> Form:
    """Ask what is to be sampled from a pulled generator."""
    request = SampleRequest(generator="0" * 64, count=USUAL_COUNT)
    fields = [
        select(
            blank_field(SampleRequest, "generator"), at_hand.generators, generator,
            "Generator", "One of those that were pulled.",
        ),
        *relabelled(
            fields_of(request, without=("kind", "generator")),
            {"threads": THREADS, "count": {"help": "How many patches are drawn."},
             "seed": {"help": "The same number draws the same patches."}},
        ),
    ]  # fmt: skip
    return Form(
        title="Sample patches",
        lead="Draws synthetic lesion patches from a generator that was pulled.",
        groups=split(fields, ("generator", "count", "seed")),
        button="Draw them",
        hidden={"kind": "sample"},
        missing="" if at_hand.generators else NO_GENERATOR,
        ways=TO_GENERATOR,
    )


NOT_OF_A_FORM = ("kind", "training_job", "proportions")
NO_DATASET = "No data set is registered yet."
TO_DATASET = (("Register a data set", "/data"), ("Draw phantoms", "/new/write_phantoms"))
NO_TRAINING = "No generator was trained here yet."
TO_TRAINING = (("Train a generator", "/new/train_generator"),)
NO_GENERATOR = "No generator was pulled yet."
TO_GENERATOR = (("See what the hub offers", "/generators?ask=hub"),)
MARGIN_PX = (
    "Tissue that is kept around it, in pixels of the mammogram. Where px and mm are both left "
    f"blank, it is {PAPERS.margin_px} px."
)
MARGIN_MM = "In mm instead, where the pixel spacing is known; leave the margin in px blank."
SMALLEST_SIDE_PX = (
    "No patch is smaller, in pixels of the mammogram. Where px and mm are both left blank, it is "
    f"{PAPERS.smallest_side_px} px."
)
SMALLEST_SIDE_MM = "In mm instead, where the pixel spacing is known; leave the side in px blank."
THREADS: Mapping[str, Any] = {
    "help": "Threads of the processor. The same number gives the same result anywhere."
}
PHANTOM_LABELS: Mapping[str, Mapping[str, Any]] = {
    "threads": THREADS,
    "phantoms.written_as": {"help": "The data set whose layout they get."},
}
FIRST_OF_PHANTOMS = (
    "phantoms.style",
    "phantoms.patients",
    "phantoms.seed",
    "phantoms.healthy_share",
)
MARGINS = (
    "patches.margin_mm",
    "patches.margin_px",
    "patches.smallest_side_mm",
    "patches.smallest_side_px",
)
FIRST_OF_TRAINING = (
    "lesion_kinds",
    *MARGINS,
    "architecture.image_size",
    "architecture.width",
    "training.epochs",
    "training.privacy.epsilon",
    "hold_out.share",
)
TRAINING_LABELS: Mapping[str, Mapping[str, Any]] = {
    "threads": THREADS,
    "lesion_kinds": {"help": "Which lesions it learns."},
    "hold_out.share": {"label": "Share of patients held out"},
    "hold_out.seed": {"label": "Seed of the held-out patients"},
    "architecture.image_size": {"label": "Size of a patch (px)"},
    "patches.margin_px": {"label": "Margin around a lesion (px)", "help": MARGIN_PX},
    "patches.margin_mm": {"label": "Margin around a lesion (mm)", "help": MARGIN_MM},
    "patches.smallest_side_mm": {
        "label": "Smallest side of a patch (mm)",
        "help": SMALLEST_SIDE_MM,
    },
    "patches.smallest_side_px": {
        "label": "Smallest side of a patch (px)",
        "help": SMALLEST_SIDE_PX,
    },
    "training.epochs": {"label": "Epochs"},
}


def of_patches(fields: Iterable[FormField]) -> Iterable[FormField]:
    """Return the fields of a request with patches, in words; a length is filled in in one unit."""
    return relabelled(in_one_unit(fields), TRAINING_LABELS)


def in_one_unit(fields: Iterable[FormField]) -> Iterable[FormField]:
    """Yield fields with no length in px beside the same in mm: the default there means nothing."""
    every = tuple(fields)
    given = {field.name for field in every if field.value}
    return (
        replace(field, value="") if f"{field.name.removesuffix('_px')}_mm" in given else field
        for field in every
    )


def _of_training(at_hand: AtHand, chosen: str) -> FormField:
    return select(
        blank_field(AuditRequest, "training_job"), at_hand.trainings, chosen,
        "Training", "A finished training of this node.",
    )  # fmt: skip


def _without_none(field: FormField) -> FormField:
    """Return the field of phantoms' layout: they are written in one."""
    if field.name != "phantoms.written_as":
        return field
    return replace(field, choices=field.choices[1:], optional=False)


def select(
    field: FormField, choices: Iterable[Choice], chosen: str, label: str, told: str
) -> FormField:
    """Return a field whose value is one of those that are at hand; the first, if none is chosen."""
    found = tuple(choices)
    value = chosen or (found[0].value if found else "")
    return replace(
        field, control="select", choices=found, value=value, label=label, help=told, expected=""
    )


def relabelled(
    fields: Iterable[FormField], changes: Mapping[str, Mapping[str, Any]]
) -> Iterable[FormField]:
    """Yield fields with other words, or other values, for some of them."""
    return (replace(field, **changes.get(field.name, {})) for field in fields)


def split(fields: Sequence[FormField], first: Sequence[str]) -> tuple[FieldGroup, ...]:
    """Return what most people change, in that order, and a folded group of the rest."""
    by_name = {field.name: field for field in fields}
    shown = tuple(by_name[name] for name in first if name in by_name)
    rest = tuple(field for field in fields if field.name not in first)
    return FieldGroup("", shown), *_by_part(rest)


def _by_part(fields: Sequence[FormField]) -> tuple[FieldGroup, ...]:
    """Return folded groups, one for each part of the request that the fields belong to."""
    titles = {
        "patches": "How patches are cut",
        "architecture": "The networks",
        "training": "The training in detail",
    }
    parts = dict.fromkeys(titles.get(field.name.split(".")[0], MORE) for field in fields)
    ordered = sorted(parts, key=lambda title: title == MORE)
    return tuple(
        FieldGroup(
            title,
            tuple(f for f in fields if titles.get(f.name.split(".")[0], MORE) == title),
            is_folded=True,
        )
        for title in ordered
    )


KIND_TITLES: Mapping[JobKind, str] = {
    "write_phantoms": "Draw phantoms",
    "register": "Register a data set",
    "preview": "Look at patches",
    "train_generator": "Train a generator",
    "audit": "Audit a generator",
    "publish": "Publish a generator",
    "pull": "Pull a generator",
    "sample": "Sample patches",
    "plan_study": "Estimate a study",
    "study": "Run a study",
}
"""What a job of each kind is called."""

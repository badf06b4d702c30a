"""What a federation is made of: centres, their data, generators, studies.

The parts are the very models that nodes take in their requests, so that a scenario can say
whatever a person could ask of a node, with the same names and the same defaults.
"""

import hashlib
import json
from collections.abc import Mapping
from math import prod
from typing import Annotated, Self, TypeVar

from pydantic import Field, StringConstraints, field_validator, model_validator

from node_api.audits import AuditSettings
from node_api.data_sources import DatasetSource, MammogramFolder
from node_api.generator_training import GeneratorTraining, check_classes, kept_epochs
from node_api.held_out import HoldOut
from node_api.patches import DonorCutting, PatchConfiguration
from node_api.release import ReleasePolicy
from node_api.requests import AuditRequest, StudyRequest, TrainGeneratorRequest
from node_api.studies import EVERY_KIND, Arm, StudyConfiguration
from node_api.tasks import BENIGN_OR_MALIGNANT
from shared.architectures import Architecture, DcganArchitecture
from shared.cards import MOST_WEIGHT_FILES
from shared.models import StrictModel, check_named_once
from shared.names import LesionKind, Name, in_words
from shared.screening import terms_fault
from shared.terms import Terms
from signing.trust import SigningMode

DATASET = "mammograms"
"""The name under which every node of a simulation registers its data."""

HUB = "hub"

APPROVAL = r"^[a-z_, ]{1,200}$"

LABEL = r"^[A-Za-z][A-Za-z0-9]{0,15}$"
Label = Annotated[
    str,
    StringConstraints(pattern=LABEL),
    in_words(LABEL, "a letter, then letters and digits, such as A, at most 16"),
]
"""A centre's short name in a scenario: A, B, C."""

REFERENCE = r"^[A-Za-z][A-Za-z0-9]{0,15}/[a-z0-9][a-z0-9-]{0,62}$"
Reference = Annotated[
    str,
    StringConstraints(pattern=REFERENCE),
    in_words(REFERENCE, "a centre and its generator's name, such as B/masses"),
]
"""A generator of the scenario: its centre's label, a slash, its name."""


Seeded = TypeVar("Seeded", GeneratorTraining, HoldOut)


class CentreScenario(StrictModel):
    """A centre and its mammograms."""

    name: Name = Field(description="What the hub and the report call the centre.")
    dataset: DatasetSource
    patches: PatchConfiguration = PatchConfiguration()
    threads: int = Field(1, ge=1, le=256, description="Of every job here; results depend on it.")
    release_policy: ReleasePolicy | None = Field(
        None,
        exclude_if=lambda policy: policy is None,
        description="What a generator must show before it leaves the node, which this simulation "
        "starts; None: the defaults.",
    )


class GeneratorScenario(Terms):
    """A generator that a centre trains and publishes.

    Seeds that are not given are 0, so that a simulation can be repeated; a centre's own are secret.
    """

    centre: Label = Field(description="The label of the centre that trains it.")
    lesion_kinds: tuple[LesionKind, ...] = Field(
        EVERY_KIND, min_length=1, description="Which lesions it learns to draw."
    )
    architecture: Architecture = DcganArchitecture()
    training: GeneratorTraining = GeneratorTraining(seed=0)
    hold_out: HoldOut = HoldOut(seed=0)
    publish_ensemble: bool = Field(
        False, description="Publish every weight file that the training keeps, as the paper does."
    )
    audit: AuditSettings | None = Field(
        None,
        exclude_if=lambda audit: audit is None,
        description="Attack the generator before it is published; None: it is not.",
    )

    @field_validator("training", "hold_out")
    @classmethod
    def _can_be_repeated(cls, given: Seeded) -> Seeded:
        return given if given.seed is not None else given.model_copy(update={"seed": 0})

    @model_validator(mode="after")
    def _may_be_published(self) -> Self:
        if (fault := terms_fault(self)) is not None:
            raise ValueError(f"the hub would refuse {self.reference}, its {fault}")
        return self

    @model_validator(mode="after")
    def _has_classes(self) -> Self:
        check_classes(self.training, self.architecture)
        return self

    @model_validator(mode="after")
    def _ensemble_can_be_published(self) -> Self:
        files = kept_epochs(self.training) + 1
        if self.publish_ensemble and not 2 <= files <= MOST_WEIGHT_FILES:
            raise ValueError(
                f"publish_ensemble needs 2 to {MOST_WEIGHT_FILES} weight files, but the training "
                f"leaves {files}; see keep_weights_from_epoch and keep_weights_every_epochs"
            )
        return self

    @property
    def reference(self) -> str:
        """How arms name it."""
        return f"{self.centre}/{self.name}"

    @property
    def parameters(self) -> int:
        """Numbers that its training learns."""
        tensors = self.architecture.generator_tensors()
        return sum(prod(spec.shape) for name, spec in tensors.items() if ".running_" not in name)


class ScenarioArm(Arm):
    """An arm that names generators and donors as the scenario does.

    Digests of generators are known only after a pull.
    """

    generators: tuple[Reference, ...] = Field(
        (), description="Generators of the scenario, each as LABEL/NAME, such as B/masses."
    )
    real_donors: tuple[Label, ...] = Field(
        (), description="Labels of centres whose real patches are added; may_see names them too."
    )


class StudyScenario(StudyConfiguration):
    """A study at one centre, on that centre's patches.

    Attributes:
        may_see: Centres whose real patches this one may see, for arms with `real_donors`: an upper
            bound that only a simulation has, or centres that may exchange images after all.
        workers: Runs at once at the node; results do not depend on it.
    """

    centre: Label = Field(description="The label of the centre that does the study.")
    may_see: tuple[Label, ...] = ()
    donor_cuttings: dict[Label, DonorCutting] = Field(
        default_factory=dict,
        exclude_if=lambda cuttings: not cuttings,
        description="By label of a centre in real_donors: what is cut otherwise from its "
        "mammograms than from the study's own, as their pixel spacing is another.",
    )
    workers: int = Field(1, ge=1, le=256)
    arms: tuple[ScenarioArm, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _patches_are_the_centres(self) -> Self:
        if "patches" in self.model_fields_set:
            raise ValueError(f"patches are set once for a centre, in centres.{self.centre}.patches")
        return self

    @model_validator(mode="after")
    def _donors_may_be_seen(self) -> Self:
        for arm in self.arms:
            for label in arm.real_donors:
                if label not in self.may_see:
                    raise ValueError(
                        f"the arm {arm.name!r} adds real patches of {label!r}, which {self.centre} "
                        f"may not see; allow it with may_see = [{label!r}]"
                    )
        return self

    @property
    def references(self) -> tuple[str, ...]:
        """The generators that its arms use, each once, in order of appearance."""
        return tuple(dict.fromkeys(name for arm in self.arms for name in arm.generators))


class Scenario(StrictModel):
    """A federation: who has which data, who trains what, and what is compared."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        description="The report's heading."
    )
    description: Annotated[str, StringConstraints(max_length=2000)] = Field(
        "", description="What the federation is to show, for whoever reads the report."
    )
    preview_patches: int = Field(64, ge=1, le=1024, description="In each generator's picture.")
    signing: SigningMode | None = Field(
        None,
        exclude_if=lambda mode: mode is None,
        description="What becomes of generators that are not signed by their centre: off, warn or "
        "enforce, with every centre's key pinned at the others; None: as the nodes are set.",
    )
    approval: (
        Annotated[
            str,
            StringConstraints(pattern=APPROVAL),
            in_words(APPROVAL, "what HUB_APPROVAL may be, such as operator"),
        ]
        | None
    ) = Field(
        None,
        exclude_if=lambda approval: approval is None,
        description="What a version needs before other centres see it, as HUB_APPROVAL says it to "
        "the hub that this simulation starts; None: nothing.",
    )
    centres: dict[Label, CentreScenario] = Field(min_length=1)
    generators: tuple[GeneratorScenario, ...] = ()
    studies: tuple[StudyScenario, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        check_named_once("centre", (centre.name for centre in self.centres.values()))
        check_named_once("generator", (generator.reference for generator in self.generators))
        check_named_once("study, by its lesions,", (study.lesions for study in self.studies))
        if HUB in {centre.name for centre in self.centres.values()}:
            raise ValueError(f"no centre may be called {HUB!r}: that is the hub")
        for generator in self.generators:
            self._refuse_unknown_centre(generator.centre, f"the generator {generator.name!r}")
        for study in self.studies:
            for label in (study.centre, *study.may_see):
                self._refuse_unknown_centre(label, f"the study of {study.lesions!r}")
            if study.centre in study.may_see:
                raise ValueError(f"may_see of {study.lesions!r} names the study's own centre")
            self._check_arms(study)
        return self

    def _refuse_unknown_centre(self, label: str, what: str) -> None:
        if label not in self.centres:
            known = ", ".join(self.centres)
            raise ValueError(f"{what} is of centre {label!r}, but the centres are {known}")

    def _check_arms(self, study: StudyScenario) -> None:
        if study.repeated is not None:
            raise ValueError(f"the study of {study.lesions!r}: {study.repeated}")
        known = {generator.reference: generator for generator in self.generators}
        for arm in study.arms:
            for reference in arm.generators:
                if reference not in known:
                    raise ValueError(
                        f"the arm {arm.name!r} uses the generator {reference!r}, but the "
                        f"generators are {', '.join(known) or 'none'}"
                    )
                architecture = known[reference].architecture
                if architecture.image_size != study.image_size:
                    raise ValueError(
                        f"the study of {study.lesions!r} has image_size {study.image_size}, but "
                        f"its generator {reference!r} makes patches of "
                        f"{architecture.image_size} px"
                    )
                if study.task == BENIGN_OR_MALIGNANT and not architecture.classes:
                    raise ValueError(
                        f"the study of {study.lesions!r} tells benign from malignant, but its "
                        f"generator {reference!r} cannot be asked for either; give its "
                        'architecture classes = ["benign", "malignant"]'
                    )

    @property
    def loans(self) -> tuple[tuple[str, str], ...]:
        """Pairs of a centre and one whose mammograms it may see."""
        return tuple(
            dict.fromkeys(
                (study.centre, label) for study in self.studies for label in study.may_see
            )
        )

    @property
    def labels_with_folder(self) -> tuple[str, ...]:
        """The centres whose mammograms lie in a folder."""
        return tuple(
            label
            for label, centre in self.centres.items()
            if isinstance(centre.dataset, MammogramFolder)
        )

    @property
    def trainings(self) -> int:
        """Classifiers to train in all studies."""
        return sum(study.trainings for study in self.studies)

    def training_request(self, generator: GeneratorScenario) -> TrainGeneratorRequest:
        """Return what the generator's centre is asked to train."""
        centre = self.centres[generator.centre]
        return TrainGeneratorRequest(
            threads=centre.threads,
            dataset=DATASET,
            lesion_kinds=generator.lesion_kinds,
            patches=centre.patches,
            architecture=generator.architecture,
            training=generator.training,
            hold_out=generator.hold_out,
        )

    def audit_request(
        self, generator: GeneratorScenario, training_job: str, audit: AuditSettings
    ) -> AuditRequest:
        """Return what the generator's centre is asked to find out before it publishes."""
        return AuditRequest(
            threads=self.centres[generator.centre].threads,
            training_job=training_job,
            ensemble=generator.publish_ensemble,
            **audit.model_dump(),
        )

    def study_request(self, study: StudyScenario, digests: Mapping[str, str]) -> StudyRequest:
        """Return what the study's centre is asked to run.

        Args:
            digests: Manifest digest of each pulled generator by its reference.
        """
        fields = study.model_dump(
            exclude={"centre", "arms", "patches", "donor_cuttings", "may_see", "workers"}
        )
        arms = tuple(self._arm(arm, digests) for arm in study.arms)
        centre = self.centres[study.centre]
        return StudyRequest(
            threads=centre.threads,
            dataset=DATASET,
            study=StudyConfiguration(
                **fields,
                patches=centre.patches,
                donor_cuttings={
                    self.centres[label].name: cutting
                    for label, cutting in study.donor_cuttings.items()
                },
                arms=arms,
            ),
            workers=study.workers,
        )

    def _arm(self, arm: ScenarioArm, digests: Mapping[str, str]) -> Arm:
        names = {
            "generators": tuple(digests[reference] for reference in arm.generators),
            "real_donors": tuple(self.centres[label].name for label in arm.real_donors),
        }
        return Arm.model_validate(arm.model_dump() | names)


def scenario_digest(scenario: Scenario, folders: Mapping[str, str]) -> str:
    """Return the SHA-256 of a scenario and its data folders: what the results belong to."""
    content = {"scenario": scenario.model_dump(mode="json"), "folders": dict(folders)}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

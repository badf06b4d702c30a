"""Makes a study ready: splits patients, cuts patches, samples generators."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from centre_node.classifiers.errors import InitialWeightsError
from centre_node.mammography.errors import OneClassOnlyError
from centre_node.mammography.mammograms import Reading
from centre_node.mammography.patch_cutting import PatchCutting
from centre_node.mammography.patch_store import PatchStore, check_no_leak
from centre_node.mammography.splits import with_kinds
from centre_node.sampling.drawing import follow_recipe
from centre_node.sampling.patch_files import array_file
from centre_node.sampling.recipes import new_recipe
from centre_node.study.arms import Addition, addition
from centre_node.study.cuttings import cutting_warnings
from centre_node.study.fitting_arms import cards_of, check_arms
from centre_node.study.kept_samples import StoredSamples, kept_samples
from centre_node.study.own_generator import own_generated
from centre_node.study.painted_patches import painted_patches
from centre_node.study.pathology_patches import addition_of_both
from centre_node.study.prepared import PreparedStudy, StoredPatches
from centre_node.study.task_data import (
    balance_of,
    check_lengths,
    check_no_patient_twice,
    left_out,
    shortcut_of,
    split_of,
    training_patients,
    usable,
)
from centre_node.study.training_patches import LESION
from node_api.patches import PatchConfiguration
from node_api.studies import StudyConfiguration
from node_api.summaries import ShortcutReport, SubsetBalance
from node_api.tasks import BENIGN_OR_MALIGNANT
from shared.counts import counted
from shared.files import write_text, write_whole
from shared.packages import Package, sha256_of
from shared.progress import OnProgress, Progress
from shared.transfer_progress import say_nothing

PATCHES, SAMPLES = "patches", "samples"


@dataclass(frozen=True)
class StudyInputs:
    """What a study is made of.

    Attributes:
        own: The centre's own mammograms.
        donors: Mammograms of other centres that this one may see, by the name that arms give them.
        packages: Pulled generator packages by manifest digest, at least those of the arms.
        initial_weights: A file of weights that classifiers start from.
    """

    own: Reading
    donors: Mapping[str, Reading]
    packages: Mapping[str, Package]
    initial_weights: Path | None = None


@dataclass(frozen=True)
class Preparation:
    """A study made ready, and what is known of its data.

    Attributes:
        left_out: Lesions that could not be used, by reason.
        warnings: What a reader of the numbers should know of the data, in words.
    """

    study: PreparedStudy
    file: Path
    balance: tuple[SubsetBalance, ...]
    shortcut: ShortcutReport
    left_out: dict[str, int]
    warnings: tuple[str, ...]


def prepare(
    configuration: StudyConfiguration,
    inputs: StudyInputs,
    *,
    folder: Path,
    device: torch.device,
    threads: int,
    on_progress: OnProgress = say_nothing,
    on_validation: bool = False,
) -> Preparation:
    """Cut, sample and paint whatever `folder` does not hold yet; studies may share the folder.

    Args:
        on_progress: Told how far each stage is: cutting, sampling, painting, training the own
            generator; what it raises stops the work.
        on_validation: Whether runs are tested on the validation patients. Then no mammogram of a
            test patient is opened.

    Raises:
        NotEnoughPatientsError, NotEnoughTissueError, OneClassOnlyError: The data are too few.
        BadMammogramsError: A patient or patch is in two subsets, or a donor's as well.
        NothingCutError: The own or a donor's images have no room for margin or smallest side, or
            no pixel spacing where these are in mm.
        RepeatedArmsError: Two arms differ in their names alone, or one names a source twice.
        GeneratorSizeError: A generator makes patches of another size.
        GeneratorOutputError: Residuals are to be added unpainted, or patches painted.
        GeneratorClassesError: The task tells pathologies apart, and a generator knows none.
        InitialWeightsError: The file that classifiers are to start from is not there.
    """
    check_arms(configuration, cards_of(inputs.packages))
    names = configuration.donors
    cut_so = [(inputs.donors[name], configuration.donor_patches(name)) for name in names]
    unused = left_out(configuration, [(inputs.own, configuration.patches), *cut_so])
    inputs = replace(
        inputs,
        own=usable(configuration, inputs.own),
        donors={name: usable(configuration, inputs.donors[name]) for name in names},
    )
    initial_weights = _weights(inputs.initial_weights, folder)
    own, kinds = inputs.own.mammograms, configuration.lesion_kinds
    check_lengths(configuration, inputs.own, inputs.donors)
    scope = with_kinds(own, kinds)
    split = split_of(configuration, scope)
    check_no_patient_twice(configuration, inputs.own, inputs.donors, split)
    warnings = cutting_warnings(configuration, cards_of(inputs.packages), inputs.own, inputs.donors)
    _tell(warnings, on_progress)
    cutting = _Cutting(configuration, configuration.patches, folder, on_progress)
    donors = {
        name: replace(cutting, patches=configuration.donor_patches(name)).of(
            inputs.donors[name], _patients(inputs.donors[name]), f"data of {name}"
        )
        for name in names
    }
    additions = _additions(configuration, donors)
    extra = max(added.healthy for added in additions.values())
    train = {
        fraction: cutting.of(
            inputs.own, training_patients(configuration, split, scope, fraction), "training", extra
        )
        for fraction in configuration.train_fractions
    }
    validation = cutting.of(inputs.own, split.validation, "validation", 0)
    test = (
        validation
        if on_validation
        else cutting.of(
            inputs.own,
            split.test,
            "test",
            0,
            healthy_per_lesion=configuration.test_healthy_per_lesion,
        )
    )
    held_out = (validation,) if on_validation else (validation, test)
    synthetic = _sampled(configuration, inputs.packages, folder, device, on_progress)
    lent = [inputs.donors[name].place for name in donors]
    called = [f"own {name} patients" for name in ("training", "validation", "test")]
    for store in train.values():
        subsets = (store, *held_out)
        check_no_leak(
            (*subsets, *donors.values()),
            [*[inputs.own.place] * len(subsets), *lent],
            [*called[: len(subsets)], *(f"data of {name}" for name in donors)],
        )
    study = PreparedStudy(
        configuration=configuration,
        train={key: cutting.stored(store) for key, store in train.items()},
        validation=cutting.stored(validation),
        test=cutting.stored(test),
        donors={name: cutting.stored(store) for name, store in donors.items()},
        synthetic=synthetic,
        painted=painted_patches(
            configuration, train, folder, drawn=synthetic, on_progress=on_progress
        ),
        own_generated=own_generated(
            configuration, train, folder, device=device, on_progress=on_progress
        ),
        additions=additions,
        threads=threads,
        device=device.type,
        initial_weights=initial_weights,
    )
    return Preparation(
        study,
        _written(study, folder),
        balance_of(configuration, split, scope),
        shortcut_of(configuration, train[max(train)], test),
        unused,
        warnings,
    )


def _tell(warnings: Iterable[str], on_progress: OnProgress) -> None:
    for warning in warnings:
        on_progress(
            Progress(done=0, total=0, unit="patches", message="cutting patches", warning=warning)
        )


def _patients(reading: Reading) -> tuple[str, ...]:
    return tuple(sorted({mammogram.patient_id for mammogram in reading.mammograms}))


@dataclass(frozen=True)
class _Cutting:
    """Cuts patches of some patients, into a folder that is named after what is in it.

    Attributes:
        patches: How; a donor's may be cut otherwise than the study's own.
    """

    configuration: StudyConfiguration
    patches: PatchConfiguration
    folder: Path
    on_progress: OnProgress

    def of(
        self,
        reading: Reading,
        patients: Sequence[str],
        what: str,
        extra_healthy: int | None = None,
        *,
        healthy_per_lesion: float = 1,
    ) -> PatchStore:
        """Cut every lesion and, where the task has them, as many healthy patches and extra ones.

        Args:
            extra_healthy: None cuts no healthy patches.
            healthy_per_lesion: Beyond one for each lesion, they are cut where there is tissue.
        """
        study, chosen = self.configuration, set(patients)
        mine = [mammogram for mammogram in reading.mammograms if mammogram.patient_id in chosen]
        cutting = PatchCutting(self.patches, study.lesion_kinds, study.split_seed, self.on_progress)
        lesions = cutting.count_lesions(mine)
        if not lesions:
            have = counted(
                len(patients), f"patient of the {what} has", f"patients of the {what} have"
            )
            raise OneClassOnlyError(
                f"{have} no lesion of the kinds "
                f"{', '.join(study.lesion_kinds)}; lesions and healthy tissue are needed"
            )
        cuts_none = extra_healthy is None or study.task == BENIGN_OR_MALIGNANT
        healthy = 0 if cuts_none else round(healthy_per_lesion * lesions) + (extra_healthy or 0)
        at_least = lesions if healthy_per_lesion > 1 and not cuts_none else None
        folder = self.folder / PATCHES / self._key(reading.place, patients, healthy, at_least)
        return cutting.cut_into(
            folder,
            mine,
            healthy=healthy,
            healthy_at_least=at_least,
            message=f"cutting patches: {what}",
        )

    def stored(self, store: PatchStore) -> StoredPatches:
        """Return where a store lies."""
        return StoredPatches(folder=str(store.folder.relative_to(self.folder)), digest=store.digest)

    def _key(
        self, collection: str, patients: Sequence[str], healthy: int, at_least: int | None
    ) -> str:
        study = self.configuration
        cut = [self.patches.model_dump(mode="json"), study.lesion_kinds, study.split_seed]
        if study.task == BENIGN_OR_MALIGNANT:
            cut.append(study.task)
        if at_least is not None:
            cut.append({"healthy_at_least": at_least})
        identity = json.dumps([collection, sorted(patients), healthy, *cut], sort_keys=True)
        return hashlib.sha256(identity.encode()).hexdigest()[:32]


def _additions(
    configuration: StudyConfiguration, donors: Mapping[str, PatchStore]
) -> dict[str, Addition]:
    if configuration.task == BENIGN_OR_MALIGNANT:
        return {
            arm.name: addition_of_both(
                arm, synthetic_patches=configuration.synthetic_patches, donors=donors
            )
            for arm in configuration.arms
        }
    lesions = {name: len(store.indices(LESION)) for name, store in donors.items()}
    return {
        arm.name: addition(
            arm, synthetic_patches=configuration.synthetic_patches, donor_lesions=lesions
        )
        for arm in configuration.arms
    }


def _sampled(
    configuration: StudyConfiguration,
    packages: Mapping[str, Package],
    folder: Path,
    device: torch.device,
    on_progress: OnProgress,
) -> dict[str, StoredSamples]:
    needed = sorted({digest for arm in configuration.arms for digest in arm.generators})
    return {
        digest: _samples(configuration, packages[digest], folder, device, on_progress)
        for digest in needed
    }


def _samples(
    configuration: StudyConfiguration,
    package: Package,
    folder: Path,
    device: torch.device,
    on_progress: OnProgress,
) -> StoredSamples:
    recipe = new_recipe(
        package,
        count=configuration.synthetic_patches,
        seed=configuration.sampling_seed,
        device=device,
    )
    digest = hashlib.sha256(recipe.model_dump_json().encode()).hexdigest()
    path = folder / SAMPLES / f"{digest}.npy"

    def make() -> None:
        write_text(path.with_suffix(".json"), recipe.model_dump_json(indent=2) + "\n")
        side = package.card.architecture.image_size
        with array_file(path, count=recipe.count, side=side) as keep:
            follow_recipe(recipe, package, device=device, keep=keep, on_progress=on_progress)

    stored = kept_samples(folder, path, recipe_digest=digest, make=make)
    return stored.model_copy(update={"classes": package.card.architecture.classes})


def _weights(weights: Path | None, folder: Path) -> str | None:
    """Copy the weights that classifiers start from beside what the runs read."""
    if weights is None:
        return None
    if not weights.is_file():
        raise InitialWeightsError(f"there is no file of weights at {weights}")
    name = f"weights-{sha256_of(weights)[:32]}.safetensors"
    if not (folder / name).exists():
        data = weights.read_bytes()
        write_whole(folder / name, lambda file: file.write(data))
    return name


def _written(study: PreparedStudy, folder: Path) -> Path:
    text = study.model_dump_json(indent=2) + "\n"
    path = folder / f"study-{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"
    write_text(path, text)
    return path

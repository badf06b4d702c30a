"""Chooses among donors' generators by what their lesions bring on validation patients."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from centre_node.sampling.errors import GeneratorOutputError
from centre_node.study.analysis.controls import chosen_control
from centre_node.study.analysis.differences import differences
from centre_node.study.analysis.predictions import TestPatches, columns
from centre_node.study.analysis.resampled_metrics import measured
from centre_node.study.analysis.resampling import Bootstrap
from centre_node.study.analysis.verdicts import judged
from centre_node.study.arms import facts_of, role_of
from centre_node.study.errors import NoControlError
from centre_node.study.preparation import Preparation, StudyInputs, prepare
from centre_node.study.prepared import StudyPatches, opened
from centre_node.study.runs import (
    RUNS,
    Engine,
    KeptRuns,
    predictions_of,
    with_precision,
)
from centre_node.study.task_data import own_split
from node_api.choices import Choice, TriedGenerator
from node_api.classifier_training import SWIN_SIDE_PX, ClassifierName
from node_api.findings import CONTROL_ROLES, ArmFacts, ChosenControl, Difference
from node_api.studies import Arm, StudyConfiguration
from shared.files import alone_in, full_disk_named, left_only_if_used
from shared.packages import Package
from shared.progress import OnProgress
from shared.version import genshare_version

METRIC = "auroc"


@dataclass(frozen=True)
class Trial:
    """What is tried: generators one by one, and the controls that they must beat.

    Attributes:
        configuration: Its last arms are the generators', each drawing from one of them alone.
        names: The generators' names in the study file, by the arms that try them.
    """

    configuration: StudyConfiguration
    names: Mapping[str, str]

    @classmethod
    def of(
        cls,
        study: StudyConfiguration,
        generators: Mapping[str, Package],
        *,
        classifier: ClassifierName,
        train_fraction: float,
    ) -> "Trial":
        """Make a trial of a study: its controls, and an arm for each generator.

        Generators of residuals are painted on own healthy patches, as they are made for.

        Args:
            generators: By name.

        Raises:
            NoControlError: The study has no arm that does without donors.
            GeneratorOutputError: Some draw residuals and some whole patches: no pool has both.
        """
        painted = _painted(generators)
        controls = [arm for arm in study.arms if role_of(arm) in CONTROL_ROLES]
        if not controls:
            raise NoControlError(
                "the study has no control that a generator must beat; add arms that do without "
                'donors, such as { name = "own lesions repeated", oversampled = true }'
            )
        tried = {f"{number}, {name[:40]}": name for number, name in enumerate(generators, 1)}
        arms = [
            Arm(name=arm, generators=(generators[name].digest,), painted=painted)
            for arm, name in tried.items()
        ]
        training = study.classifier_training
        if classifier != "swin":
            training = training.model_copy(update={"swin_side_px": SWIN_SIDE_PX})
        fields = study.model_dump() | {
            "classifiers": (classifier,),
            "classifier_training": training,
            "train_fractions": (train_fraction,),
            "arms": (*controls, *arms),
            "donor_cuttings": {},  # real patches of donors are not tried
        }
        return cls(StudyConfiguration.model_validate(fields), tried)


def _painted(generators: Mapping[str, Package]) -> Literal["generator"] | None:
    outputs = {name: one.card.architecture.output for name, one in generators.items()}
    residual = [name for name, output in outputs.items() if output == "residual"]
    if residual and len(residual) < len(outputs):
        raise GeneratorOutputError(
            f"{', '.join(residual)} draw residuals and the other generators whole patches, and "
            "one arm cannot draw both; choose among those of a kind"
        )
    return "generator" if residual else None


def choose(
    trial: Trial,
    inputs: StudyInputs,
    *,
    split_digest: str,
    cache: Path,
    device: torch.device,
    threads: int,
    engine: Engine,
    on_progress: OnProgress,
) -> Choice:
    """Try every generator on the validation patients, and share a pool out among those that help.

    Classifiers are trained as in a study, and tested on the validation patients instead: no
    mammogram of a test patient is opened. A generator's gain is measured against the best control
    by the same patients.

    Args:
        split_digest: See `Choice`.
        cache: As for `run_study`, which it may be shared with.

    Raises:
        As `run_study`.
    """
    configuration = with_precision(trial.configuration, device)
    with left_only_if_used(cache), full_disk_named(cache), alone_in(cache):
        ready = prepare(
            configuration,
            inputs,
            folder=cache,
            device=device,
            threads=threads,
            on_progress=on_progress,
            on_validation=True,
        )
        runs = KeptRuns(cache / RUNS, ready)
        runs.do_missing(engine, device.type, on_progress)
        patches = opened(ready.file)
        control, gains = _compared(ready, patches, runs, inputs.packages)
    return Choice(
        genshare_version=genshare_version(),
        configuration_digest=hashlib.sha256(configuration.model_dump_json().encode()).hexdigest(),
        split_digest=split_digest,
        patients_digest=own_split(configuration, inputs.own).digest(),
        data_digests=(*(one.digest for one in ready.study.train.values()), ready.study.test.digest),
        classifier=control.classifier,
        train_fraction=control.train_fraction,
        seeds=len(configuration.seeds),
        validation_patients=len(np.unique(patches.test.patients)),
        validation_patches=len(patches.test.labels),
        control=control,
        painted=trial.configuration.arms[-1].painted is not None,
        tried=_tried(trial, gains, inputs.packages),
        warnings=ready.warnings,
    )


def _compared(
    ready: Preparation, patches: StudyPatches, runs: KeptRuns, packages: Mapping[str, Package]
) -> tuple[ChosenControl, Mapping[str, Difference]]:
    """Return the best control, and by arm what each generator gains over it."""
    study, held_out = ready.study.configuration, patches.test
    facts = _facts(ready, packages)
    found = [predictions_of(result, patches.validation.labels) for result in runs.results.values()]
    (column,) = columns([arm.name for arm in facts], found)
    control = chosen_control(facts, column)
    if control is None:
        raise NoControlError("not one run of a control ended well")
    test = TestPatches(held_out.labels, held_out.patients)
    bootstrap = Bootstrap.of(test, resamples=study.resamples, seed=study.split_seed)
    compared = judged(differences(facts, test, measured(column, test, bootstrap)))
    return control, {one.arm: one for one in compared if one.metric == METRIC}


def _facts(ready: Preparation, packages: Mapping[str, Package]) -> tuple[ArmFacts, ...]:
    study = ready.study.configuration
    return tuple(
        facts_of(
            arm,
            ready.study.additions[arm.name],
            centres={digest: package.card.centre for digest, package in packages.items()},
            augmentation=study.classifier_training.augmentation,
        )
        for arm in study.arms
    )


def _tried(
    trial: Trial, gains: Mapping[str, Difference], packages: Mapping[str, Package]
) -> tuple[TriedGenerator, ...]:
    arms = [arm for arm in trial.configuration.arms if arm.name in trial.names]
    shares = shares_by_gain([gains[a.name].difference if a.name in gains else None for a in arms])
    return tuple(
        _one(trial.names[arm.name], packages[arm.generators[0]], gains.get(arm.name), share)
        for arm, share in zip(arms, shares, strict=True)
    )


def _one(name: str, package: Package, found: Difference | None, share: float) -> TriedGenerator:
    return TriedGenerator(
        name=name,
        manifest_digest=package.digest,
        centre=package.card.centre,
        gain=found.difference if found else None,
        interval=found.interval if found else None,
        p_adjusted=found.p_adjusted if found else None,
        verdict=found.verdict if found else "undefined",
        share=share,
        reason=found.reason if found else "not one of its runs ended well",
    )


def shares_by_gain(gains: Sequence[float | None]) -> tuple[float, ...]:
    """Return each generator's share of the pool: in proportion to its gain, and 0 without one."""
    kept = [max(gain or 0.0, 0.0) for gain in gains]
    total = math.fsum(kept)
    return tuple(gain / total if total else 0.0 for gain in kept)

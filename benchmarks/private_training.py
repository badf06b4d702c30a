"""What privacy costs: generators of several epsilons, compared with masses of other patients.

    python benchmarks/private_training.py FOLDER --epsilons inf,50,20,10,3 --out curve

Every generator takes the same steps on the training patients' masses; `inf` clips and adds no
noise, so that the rows differ in the noise alone. `improved` is the ordinary recipe with as many
patches shown. One thread; processor time, so that a busy machine slows nobody.
"""

import time
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from generator_fidelity import _masses
from numpy.typing import NDArray

from centre_node.fidelity.comparison import FeatureKind, fidelity_report
from centre_node.fidelity.radiomics.extraction import radiomic_features
from centre_node.generators.checkpoints import training_run
from centre_node.generators.private_epochs import PatientPatches, PrivateEpoch
from centre_node.generators.sampling import sample_patches
from centre_node.generators.schedules import follow_schedules
from centre_node.generators.spent_steps import Budget, SpentSteps, promised
from centre_node.generators.state import new_state
from centre_node.generators.training import train_generator
from centre_node.generators.weights import export_weights
from centre_node.mammography.pictures import contact_sheet, write_png
from centre_node.training.folder import phantoms_start
from node_api.generator_training import GeneratorTraining
from node_api.patches import PatchConfiguration
from shared.architectures import DcganArchitecture
from shared.fidelity import FidelityRow

CPU = torch.device("cpu")


class Unlimited(Budget):
    """Adds no noise and counts nothing, to see what clipping alone does; promises nothing."""

    def __init__(self, folder: Path, training: GeneratorTraining) -> None:
        super().__init__(folder, training, SpentSteps(noise_multiplier=1, delta=0.5, epochs=0))

    @property
    def noise_multiplier(self) -> float:
        """Standard deviation of each step's noise in clips."""
        return 0.0

    def charge_epoch(self) -> None:
        """Count nothing."""


def main(
    folder: Annotated[Path, typer.Argument(help="A data set's folder.")],
    out: Annotated[Path, typer.Option(help="Gets trainings, sample sheets and reports.")],
    epsilons: Annotated[str, typer.Option(help="By commas; inf and improved too.")] = "inf,10",
    seeds: Annotated[str, typer.Option(help="Of the trainings, by commas.")] = "1",
    size: Annotated[int, typer.Option(help="Side of a patch in pixels.")] = 32,
    width: Annotated[int, typer.Option(help="Channels of the last hidden map.")] = 4,
    epochs: Annotated[int, typer.Option()] = 40,
    sampling_rate: Annotated[float, typer.Option()] = 0.1,
    clip: Annotated[float, typer.Option()] = 1.0,
    critic_steps: Annotated[int, typer.Option()] = 1,
    learning_rate: Annotated[float, typer.Option()] = 2e-3,
    start_from: Annotated[
        Path | None, typer.Option(help="A training on phantoms to start from, but for inf.")
    ] = None,
) -> None:
    """Train, sample, compare, and print a row of a Markdown table for each training."""
    torch.set_num_threads(1)
    cutting = PatchConfiguration(
        margin_px=14, smallest_side_px=32, tissue="breast_mask", healthy_from="all_mammograms"
    )
    train, others = _masses(folder, cutting, out)
    seen = train.crops(range(len(train.records)), size=size)
    owners = np.unique([record.patient_id for record in train.records], return_inverse=True)[1]
    unseen = others.crops(range(len(others.records)), size=size)
    strangers = [record.patient_id for record in others.records]
    typer.echo(f"{len(seen)} patches of {owners.max() + 1} patients, {len(unseen)} of others")
    architecture = DcganArchitecture(image_size=size, width=width)
    real = radiomic_features(unseen, CPU)
    for epsilon in epsilons.split(","):
        for seed in map(int, seeds.split(",")):
            training = _training(epsilon, seed, epochs, sampling_rate, clip, critic_steps)
            if epsilon != "improved":
                training = training.model_copy(update={"learning_rate": learning_rate})
            name, started = f"{epsilon}-{seed}", time.process_time()
            weights = _trained(
                seen, owners, architecture, training, out / name, epsilon, start_from
            )
            seconds = time.process_time() - started
            samples = sample_patches(weights, architecture, count=len(unseen), seed=7, device=CPU)
            write_png(out / f"{name}.png", contact_sheet(samples[:64], columns=8))
            report = fidelity_report(
                real,
                radiomic_features(samples, CPU),
                kind=FeatureKind("radiomics"),
                seed=0,
                patients=strangers,
            )
            (out / f"{name}.json").write_text(report.model_dump_json(indent=2))
            promise = (
                None
                if epsilon in ("inf", "improved")
                else promised(out / name, training, int(owners.max()) + 1)
            )
            noise = "-" if promise is None else f"{promise.noise_multiplier:.2f}"
            typer.echo(_row(f"real-real | - | {seed}", report.real_real, 0))
            typer.echo(_row(f"{epsilon} | {noise} | {seed}", report.synthetic, seconds))


def _training(
    epsilon: str, seed: int, epochs: int, sampling_rate: float, clip: float, critic_steps: int
) -> GeneratorTraining:
    if epsilon == "improved":
        return GeneratorTraining(seed=seed, epochs=epochs, keep_weights_from_epoch=None)
    privacy = {
        "epsilon": 1000 if epsilon == "inf" else float(epsilon),
        "clip": clip,
        "sampling_rate": sampling_rate,
    }
    return GeneratorTraining.model_validate(
        {
            "recipe": "private",
            "seed": seed,
            "epochs": epochs,
            "critic_steps": critic_steps,
            "privacy": privacy,
        }
    )


def _trained(
    patches: NDArray[np.uint8],
    owners: NDArray[np.int64],
    architecture: DcganArchitecture,
    training: GeneratorTraining,
    folder: Path,
    epsilon: str,
    start_from: Path | None,
) -> Path:
    if epsilon == "inf":
        return _without_noise(patches, owners, architecture, training, folder)
    return train_generator(
        patches,
        architecture=architecture,
        training=training,
        folder=folder,
        device=CPU,
        on_epoch=lambda _event: None,
        patients=owners,
        start=None if start_from is None else phantoms_start(start_from),
    )


def _without_noise(
    patches: NDArray[np.uint8],
    owners: NDArray[np.int64],
    architecture: DcganArchitecture,
    training: GeneratorTraining,
    folder: Path,
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    run = training_run(patches, architecture, training, None, owners)
    state = new_state(architecture, training, CPU)
    assert training.privacy is not None, "it was given"
    epoch = PrivateEpoch(
        run,
        state,
        training.privacy,
        PatientPatches(torch.tensor(patches), owners),
        Unlimited(folder, training),
    )
    for _ in range(training.epochs):
        follow_schedules(state, training)
        epoch()
        state.losses.append((None, None))
    export_weights(state.exported, architecture, folder / "weights.safetensors")
    return folder / "weights.safetensors"


def _row(name: str, row: FidelityRow, seconds: float) -> str:
    low, high = row.kid_interval or (float("nan"),) * 2
    return (
        f"| {name} | {row.kid:.2f} ({low:.2f} to {high:.2f}) | {row.precision:.2f} | "
        f"{row.recall:.2f} | {row.coverage:.2f} | {row.auroc:.2f} | {seconds:.0f} |"
    )


if __name__ == "__main__":
    typer.run(main)

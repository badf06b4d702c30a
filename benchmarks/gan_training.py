"""Time of a GAN's training step: ours against a plain loop, with the same networks, in one run.

The plain loop is written as the public DCGAN and WGAN-GP examples are: a DataLoader over images
that are flipped one by one, eager float32, one pass each over real and fake patches, generated
anew where the loss does not share them, gradients of the discriminator computed in the
generator's step too, Adam as it comes, and `.item()` of the losses in every step. All loops take
turns of five steps (for wgan-gp: five of the critic and one of the generator), so that a busy
machine slows all; a ratio is the median of the turns' own ratios.

Example: python benchmarks/gan_training.py --loss wgan-gp --image-size 64 --width 16 --turns 6
"""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, softplus
from torch.utils.data import DataLoader, Dataset

from centre_node.generators.draws import StepDraws, draw_epoch
from centre_node.generators.graphs import fastest_step
from centre_node.generators.schedules import follow_schedules
from centre_node.generators.state import new_state
from centre_node.generators.steps import training_step
from node_api.generator_training import GeneratorTraining
from node_api.losses import LOSSES
from shared.architectures import Architecture, DcganArchitecture, ResidualArchitecture
from shared.cards import Loss

STEPS_IN_TURN = 5
TURNS_TO_WARM_UP = 1
BATCHES = 8
STYLEGAN2_ADA = "StyleGAN2-ADA, as published: 75 patches/s (128 px, one V100; other networks)"
"""Not measured here: 12.8 to 13.7 s per thousand images, README of stylegan2-ada-pytorch."""

Turn = Callable[[], object]


class Kind(StrEnum):
    """Which networks."""

    DCGAN = "dcgan"
    RESIDUAL = "residual"


def main(
    loss: Annotated[Loss, typer.Option(help="Loss of all loops.")] = "dcgan",
    networks: Annotated[Kind, typer.Option(help="Networks of all loops.")] = Kind.DCGAN,
    image_size: Annotated[int, typer.Option(help="Side of a patch in pixels.")] = 64,
    width: Annotated[int, typer.Option(help="Channels of the last hidden map.")] = 32,
    batch_size: Annotated[int, typer.Option(help="Patches in a step.")] = 16,
    turns: Annotated[int, typer.Option(help="Turns of five steps, measured of each loop.")] = 6,
    threads: Annotated[int, typer.Option(help="Threads that torch may use.")] = 1,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    graphs: Annotated[bool, typer.Option(help="Ours replays CUDA graphs.")] = False,
    compiles: Annotated[
        bool, typer.Option("--compile", help="Ours is compiled, in its first turn.")
    ] = False,
) -> None:
    """Measure the plain loop, ours in float32 and ours in bfloat16, and print the ratios."""
    if loss not in PLAIN_LOSSES:
        raise typer.BadParameter(f"the plain loop knows {', '.join(PLAIN_LOSSES)}, not {loss}")
    torch.set_num_threads(threads)
    on = torch.device(device)
    kinds = {Kind.DCGAN: DcganArchitecture, Kind.RESIDUAL: ResidualArchitecture}
    architecture = kinds[networks](image_size=image_size, width=width)
    patches = np.random.default_rng(0).integers(
        0, 256, (BATCHES * batch_size, image_size, image_size), dtype=np.uint8
    )
    loops: dict[str, Turn] = {}
    for precision in ("float32", "bfloat16"):
        # Without what the plain loop does not do.
        training = GeneratorTraining.model_validate(
            {
                "loss": loss,
                "batch_size": batch_size,
                "augmentation": None,
                "average_half_life_images": None,
                "precision": precision,
                "cuda_graphs": graphs,
                "compile": compiles,
            }
        )
        loops.setdefault("plain", _plain_turn(architecture, training, patches, on))
        loops[f"ours, {precision}"] = _our_turn(architecture, training, patches, on)
    seconds = _measure(loops, turns, on)
    typer.echo(
        f"{networks.value} networks, loss {loss}, {image_size} px, width {width}, "
        f"batch {batch_size}, {threads} thread(s), {device}"
    )
    for name, taken in seconds.items():
        _report(name, taken, seconds["plain"], batch_size)
    typer.echo(STYLEGAN2_ADA)


def _measure(loops: dict[str, Turn], turns: int, device: torch.device) -> dict[str, list[float]]:
    """Return the seconds of each loop's turns."""
    seconds: dict[str, list[float]] = {name: [] for name in loops}
    for turn in range(TURNS_TO_WARM_UP + turns):
        for name, run in loops.items():
            started = time.perf_counter()
            run()
            if device.type == "cuda":
                torch.cuda.synchronize()
            if turn >= TURNS_TO_WARM_UP:
                seconds[name].append(time.perf_counter() - started)
    return seconds


def _report(name: str, taken: list[float], plain: list[float], batch_size: int) -> None:
    step = statistics.median(taken) / STEPS_IN_TURN
    ratios = [base / seconds for base, seconds in zip(plain, taken, strict=True)]
    typer.echo(
        f"{name:<15}{step * 1000:8.1f} ms/step {batch_size / step:8.1f} patches/s   plain / this "
        f"= {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    )


def _our_turn(
    architecture: Architecture,
    training: GeneratorTraining,
    patches: NDArray[np.uint8],
    device: torch.device,
) -> Turn:
    """Return what runs five of our steps, the epochs' draws included."""
    state = new_state(architecture, training, device)
    follow_schedules(state, training)
    step = fastest_step(
        training_step(state, training, torch.tensor(patches, device=device)),
        graphs=training.cuda_graphs,
        compiles=training.compile,
    )
    draws = _endless_draws(len(patches), training, architecture.latent_size, device)
    total = torch.zeros(2, device=device)

    def turn() -> None:
        for index in range(1, STEPS_IN_TURN + 1):
            due = index % training.critic_steps == 0
            total.add_(step(next(draws), with_generator=due))

    return turn


def _endless_draws(
    count: int, training: GeneratorTraining, latent_size: int, device: torch.device
) -> Iterator[StepDraws]:
    random = torch.Generator().manual_seed(0)
    while True:
        epoch = draw_epoch(count, training, latent_size=latent_size, random=random).to(device)
        yield from (epoch[index] for index in range(len(epoch)))


class _Images(Dataset[Tensor]):
    """Patches as the examples read images: one by one, flipped and scaled on the way."""

    def __init__(self, patches: NDArray[np.uint8]) -> None:
        self._patches = patches

    def __len__(self) -> int:
        return len(self._patches)

    def __getitem__(self, index: int) -> Tensor:
        patch = torch.from_numpy(self._patches[index]).unsqueeze(0).float() / 255
        for axis in (1, 2):
            if torch.rand(()) < 0.5:
                patch = patch.flip(axis)
        return (patch - 0.5) / 0.5


def _plain_turn(
    architecture: Architecture,
    training: GeneratorTraining,
    patches: NDArray[np.uint8],
    device: torch.device,
) -> Turn:
    """Return what runs five steps of the plain loop."""
    state = new_state(architecture, training, device)
    loop = _PlainLoop(state.generator, state.discriminator, training, architecture.latent_size)
    images = _endless_batches(
        DataLoader(_Images(patches), batch_size=training.batch_size, shuffle=True)
    )

    def turn() -> None:
        for index in range(1, STEPS_IN_TURN + 1):
            loop.step(next(images).to(device), with_generator=index % training.critic_steps == 0)

    return turn


def _endless_batches(loader: DataLoader[Tensor]) -> Iterator[Tensor]:
    while True:
        yield from loader


class _PlainLoop:
    """One step after the other, as a tutorial writes it."""

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        training: GeneratorTraining,
        latent_size: int,
    ) -> None:
        self._generator, self._discriminator = generator, discriminator
        self._training, self._latent_size = training, latent_size
        self._of_generator, self._of_discriminator = (
            torch.optim.Adam(network.parameters(), training.learning_rate, training.betas)
            for network in (generator, discriminator)
        )
        self.log: list[float] = []

    def step(self, real: Tensor, *, with_generator: bool) -> None:
        """Update the discriminator and, `with_generator`, the generator."""
        fake = self._generator(self._latents_for(real))
        self._of_discriminator.zero_grad()
        for loss in self._on_discriminator(real, fake.detach()):
            loss.backward()
            self.log.append(loss.item())
        self._of_discriminator.step()
        if with_generator:
            self._update_generator(real, fake)

    def _update_generator(self, real: Tensor, fake: Tensor) -> None:
        if LOSSES[self._training.loss].has_critic:
            fake = self._generator(self._latents_for(real))
        self._of_generator.zero_grad()
        loss = self._on_generator(real, fake)
        loss.backward()
        self._of_generator.step()
        self.log.append(loss.item())

    def _latents_for(self, real: Tensor) -> Tensor:
        return torch.randn(len(real), self._latent_size, device=real.device)

    def _on_discriminator(self, real: Tensor, fake: Tensor) -> list[Tensor]:
        of_discriminator, _ = PLAIN_LOSSES[self._training.loss]
        weight = self._training.penalty_weight or 0.0
        return of_discriminator(self._discriminator, real, fake, weight)

    def _on_generator(self, real: Tensor, fake: Tensor) -> Tensor:
        _, of_generator = PLAIN_LOSSES[self._training.loss]
        return of_generator(self._discriminator, real, fake)


def _dcgan(discriminator: nn.Module, real: Tensor, fake: Tensor, _weight: float) -> list[Tensor]:
    """Return two losses for two backward passes, as in the examples."""
    return [_on_label(discriminator(real), 0.9), _on_label(discriminator(fake), 0.0)]


def _wgan_gp(critic: nn.Module, real: Tensor, fake: Tensor, weight: float) -> list[Tensor]:
    share = torch.rand(len(real), 1, 1, 1, device=real.device)
    between = share * real + (1 - share) * fake
    norms = _scores_and_gradients(critic, between)[1].norm(2, dim=1)
    difference = critic(fake).mean() - critic(real).mean()
    return [difference + weight * ((norms - 1) ** 2).mean()]


def _relativistic(
    discriminator: nn.Module, real: Tensor, fake: Tensor, weight: float
) -> list[Tensor]:
    on_real, at_real = _scores_and_gradients(discriminator, real)
    on_fake, at_fake = _scores_and_gradients(discriminator, fake)
    penalty = (at_real**2).sum(1).mean() + (at_fake**2).sum(1).mean()
    return [softplus(on_fake - on_real).mean() + weight / 2 * penalty]


OfDiscriminator = Callable[[nn.Module, Tensor, Tensor, float], list[Tensor]]
OfGenerator = Callable[[nn.Module, Tensor, Tensor], Tensor]

PLAIN_LOSSES: Mapping[str, tuple[OfDiscriminator, OfGenerator]] = {
    "dcgan": (_dcgan, lambda network, _real, fake: _on_label(network(fake), 1.0)),
    "wgan-gp": (_wgan_gp, lambda network, _real, fake: -network(fake).mean()),
    "relativistic": (
        _relativistic,
        lambda network, real, fake: softplus(network(real) - network(fake)).mean(),
    ),
}
"""The plain loop's losses; a loss that is not here has nothing to be measured against."""


def _on_label(scores: Tensor, label: float) -> Tensor:
    return binary_cross_entropy_with_logits(scores, torch.full_like(scores, label))


def _scores_and_gradients(discriminator: nn.Module, points: Tensor) -> tuple[Tensor, Tensor]:
    """Return scores of points and the scores' gradients at them, flattened."""
    points = points.detach().requires_grad_()
    scores = discriminator(points)
    (gradients,) = torch.autograd.grad(scores.sum(), points, create_graph=True)
    return scores, gradients.flatten(1)


if __name__ == "__main__":
    typer.run(main)

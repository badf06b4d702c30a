"""A training step whose networks and losses are compiled."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from centre_node.generators.errors import CompilationError
from centre_node.generators.objectives import Judgement
from centre_node.generators.penalties import Scorer
from centre_node.generators.steps import TrainingStep


def compile_step(step: TrainingStep) -> TrainingStep:
    """Return the step with the generator and both losses compiled, each as one graph.

    Losses are compiled whole, the discriminator within them: PyTorch derives no compiled network
    twice, as a gradient penalty would need, but it compiles a loss with the derivative in it.
    Compiled networks of an earlier training in this process are forgotten.

    Raises:
        CompilationError: Nothing can be compiled here.
    """
    torch.compiler.reset()
    _check_compiler(step.patches.device)
    return replace(
        step,
        generator=torch.compile(step.generator, fullgraph=True),
        objective=_CompiledObjective(
            torch.compile(step.objective.judged, fullgraph=True),
            torch.compile(step.objective.for_generator, fullgraph=True),
        ),
    )


@dataclass(frozen=True)
class _CompiledObjective:
    """An objective with both of its functions compiled."""

    judged: Callable[..., Judgement]
    for_generator: Callable[[Scorer, Tensor, Tensor], Tensor]


def _check_compiler(device: torch.device) -> None:
    """Compile something small, to fail before the training and not in it."""
    try:
        torch.compile(_smallest)(torch.zeros(8, device=device))
    except Exception as error:  # the compilers raise a dozen kinds
        first_line = str(error).strip().partition("\n")[0]
        raise CompilationError(
            f"nothing can be compiled for the device {device}: {first_line}"
        ) from error


def _smallest(numbers: Tensor) -> Tensor:
    return numbers * 2 + 1

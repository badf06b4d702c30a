"""A training step as one CUDA graph: hundreds of kernels are started by a single call."""

import logging
from collections.abc import Callable

import torch
from torch import Tensor

from centre_node.generators.compilation import compile_step
from centre_node.generators.draws import StepDraws
from centre_node.generators.steps import TrainingStep

log = logging.getLogger(__name__)

EAGER_STEPS = 3
"""Before the capture, so that optimisers and libraries have allocated what they need."""

Step = Callable[..., Tensor]


def fastest_step(step: TrainingStep, *, graphs: bool, compiles: bool) -> Step:
    """Return the step, or one that is compiled or replayed as a graph where that is asked.

    Only on CUDA can it be replayed.

    Raises:
        CompilationError: It is to be compiled, and nothing can be here.
    """
    if compiles:
        step = compile_step(step)
    on_cuda = step.patches.device.type == "cuda"
    return GraphedStep(step) if graphs and on_cuda else step


class GraphedStep:
    """Runs the first steps eagerly, captures the next and replays it from then on.

    The kernels are the same in the same order, so the numbers are those of the eager step. All
    random draws come from outside, copied into the captured tensors. A step with the generator's
    update and one without are two graphs. Where a capture fails, the steps stay eager.
    """

    def __init__(self, step: TrainingStep) -> None:
        self._step = step
        self._graphs: dict[bool, _Graph | None] = {}
        self._eager_steps = {True: 0, False: 0}

    def __call__(self, draws: StepDraws, *, with_generator: bool) -> Tensor:
        """Update as the eager step does; the losses returned are overwritten by the next call."""
        if self._eager_steps[with_generator] < EAGER_STEPS:
            self._eager_steps[with_generator] += 1
            return _on_side_stream(self._step, draws, with_generator=with_generator)
        if with_generator not in self._graphs:
            self._graphs[with_generator] = _capture(self._step, draws, with_generator)
        graph = self._graphs[with_generator]
        if graph is None:
            return self._step(draws, with_generator=with_generator)
        return graph.replay(draws)


class _Graph:
    """A captured step, the draws that it reads and the losses that it writes."""

    def __init__(self, step: TrainingStep, draws: StepDraws, *, with_generator: bool) -> None:
        self._draws = StepDraws(*(tensor.clone() for tensor in draws))
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):  # records, computes nothing
            self._losses = step(self._draws, with_generator=with_generator)

    def replay(self, draws: StepDraws) -> Tensor:
        for captured, given in zip(self._draws, draws, strict=True):
            captured.copy_(given)
        self._graph.replay()
        return self._losses


def _on_side_stream(step: TrainingStep, draws: StepDraws, *, with_generator: bool) -> Tensor:
    """Run a step where CUDA wants the steps before a capture to be run."""
    current, side = torch.cuda.current_stream(), torch.cuda.Stream()
    side.wait_stream(current)
    with torch.cuda.stream(side):
        losses = step(draws, with_generator=with_generator)
    current.wait_stream(side)
    return losses


def _capture(step: TrainingStep, draws: StepDraws, with_generator: bool) -> _Graph | None:
    try:
        return _Graph(step, draws, with_generator=with_generator)
    except RuntimeError as error:
        log.warning("this training step cannot be captured and stays eager: %s", error)
        step.state.discriminator.requires_grad_(True)  # the capture may have ended in between
        return None

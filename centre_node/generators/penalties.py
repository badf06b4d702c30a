"""Penalties on a discriminator's gradient. Always in float32, whatever surrounds them."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from centre_node.generators.second_derivatives import CheapSecondDerivatives

Scorer = Callable[[Tensor], Tensor]
"""Maps patches, shape (batch, 1, side, side), to scores, shape (batch,), each for itself."""


def gradient_penalty(critic: Scorer, real: Tensor, fake: Tensor, *, epsilon: Tensor) -> Tensor:
    """Return how far the critic's gradient norm is from 1, averaged over the batch.

    The caller multiplies by lambda (10 in the paper).

    Args:
        real: Real patches in [-1, 1], shape (batch, 1, side, side).
        fake: Generated patches in [-1, 1], same shape as `real`.
        epsilon: Uniform draws in [0, 1), shape (batch,): where on the line between each pair
            the gradient is taken.

    Raises:
        ValueError: `real` and `fake` differ in shape.

    Source: paper section 2.3.2, equation 2, third term.
    """
    if real.shape != fake.shape:
        raise ValueError(f"real is {tuple(real.shape)}, fake is {tuple(fake.shape)}")
    share = epsilon[:, None, None, None]
    between = (share * real + (1 - share) * fake).float().detach()
    with torch.autocast(real.device.type, enabled=False):
        norms = _scores_and_gradients(critic, between)[1].norm(dim=1)  # (batch,)
    penalty: Tensor = (norms - 1).square().mean()
    return penalty


def zero_centred_penalty(discriminator: Scorer, patches: Tensor) -> tuple[Tensor, Tensor]:
    """Return the scores of patches and their mean squared gradient norm.

    Of real patches it is R1, of fake ones R2; the caller multiplies by gamma / 2.

    Args:
        patches: In [-1, 1], shape (batch, 1, side, side).

    Returns:
        Scores, shape (batch,), and a scalar.

    Source: Huang et al. 2024 (arXiv 2501.05441), section 2.2; Mescheder et al. 2018.
    """
    points = patches.float().detach()
    with torch.autocast(patches.device.type, enabled=False):
        scores, gradients = _scores_and_gradients(discriminator, points)
    return scores, gradients.square().sum(dim=1).mean()


def _scores_and_gradients(scorer: Scorer, points: Tensor) -> tuple[Tensor, Tensor]:
    """Return the scores of points, shape (batch,), and each one's gradient at its own point.

    Gradients have the shape (batch, pixels) and can be derived again.
    """
    if torch.compiler.is_compiling():  # which knows derivatives as functions only
        of_sum = torch.func.grad(partial(_sum_and_scores, scorer), has_aux=True)
        gradients, scores = of_sum(points)
    else:
        points.requires_grad_()
        with CheapSecondDerivatives():
            scores = scorer(points)
        (gradients,) = torch.autograd.grad(scores.sum(), points, create_graph=True)
    return scores, gradients.flatten(start_dim=1)


def _sum_and_scores(scorer: Scorer, points: Tensor) -> tuple[Tensor, Tensor]:
    scores = scorer(points)
    return scores.sum(), scores

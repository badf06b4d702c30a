"""Adversarial losses. Pure functions of network outputs: no optimiser, no logging."""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, softplus


def discriminator_loss(real_scores: Tensor, fake_scores: Tensor, real_labels: Tensor) -> Tensor:
    """Return the binary cross-entropy that the DCGAN's discriminator minimises.

    Args:
        real_scores: Logits of real patches, shape (batch,).
        fake_scores: Logits of generated patches, shape (batch,); their label is 0.
        real_labels: What the real patches' probabilities should be, shape (batch,).

    Returns:
        A scalar, the sum of the means over real and over generated patches. With all logits 0
        and all labels 1 it is 2 ln 2.

    Source: paper section 2.3.1.
    """
    on_real = binary_cross_entropy_with_logits(real_scores, real_labels)
    on_fake = binary_cross_entropy_with_logits(fake_scores, torch.zeros_like(fake_scores))
    return on_real + on_fake


def class_aware_loss(
    real_scores: Tensor,
    fake_scores: Tensor,
    wrong_scores: Tensor,
    real_labels: Tensor,
    wrong_class_weight: float,
) -> Tensor:
    """Return the discriminator's loss where it also learns to refuse patches of a wrong class.

    Args:
        real_scores, fake_scores, real_labels: As of `discriminator_loss`.
        wrong_scores: Logits of the real patches when another class is told, shape (batch,); their
            label is 0.
        wrong_class_weight: 0 to 1; what fake patches lose of their weight. 0 is
            `discriminator_loss`.

    Source: Reed et al. 2016 (arXiv 1605.05396), section 4.1, where it is a half.
    """
    on_real = binary_cross_entropy_with_logits(real_scores, real_labels)
    on_fake, on_wrong = (
        binary_cross_entropy_with_logits(scores, torch.zeros_like(scores))
        for scores in (fake_scores, wrong_scores)
    )
    return on_real + (1 - wrong_class_weight) * on_fake + wrong_class_weight * on_wrong


def generator_loss(fake_scores: Tensor) -> Tensor:
    """Return the binary cross-entropy that the DCGAN's generator minimises; its target is 1.

    Args:
        fake_scores: The discriminator's logits of generated patches, shape (batch,).

    Returns:
        A scalar.
    """
    return binary_cross_entropy_with_logits(fake_scores, torch.ones_like(fake_scores))


def smoothed_labels(
    shape: tuple[int, ...], label_range: tuple[float, float], random: torch.Generator
) -> Tensor:
    """Return labels for real patches, each drawn for itself, uniformly from `label_range`.

    Source: paper section 2.3.1, one-sided label smoothing in [0.8, 1.1].
    Deviation: the published code drew one label for a whole batch; the text does not ask for it.
    """
    lowest, highest = label_range
    return lowest + (highest - lowest) * torch.rand(shape, generator=random, device=random.device)


def critic_loss(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """Return the Wasserstein loss that the critic minimises, without its penalty.

    Args:
        real_scores: Unbounded critic scores of real patches, shape (batch,).
        fake_scores: The same for generated patches.

    Returns:
        A scalar. Its negative estimates the Wasserstein distance.

    Source: paper section 2.3.2, equation 2, first two terms.
    """
    return fake_scores.mean() - real_scores.mean()


def critic_generator_loss(fake_scores: Tensor) -> Tensor:
    """Return what the WGAN-GP's generator minimises: the negative mean score of its patches."""
    return -fake_scores.mean()


def relativistic_loss(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """Return what the discriminator minimises: that a fake patch outscores its real partner.

    With the two arguments exchanged it is what the generator minimises. Equal scores give ln 2.

    Args:
        real_scores: Of real patches, shape (batch,).
        fake_scores: Of generated patches, shape (batch,); the i-th is paired with the i-th real.

    Source: Huang et al. 2024 (arXiv 2501.05441), section 2; Jolicoeur-Martineau 2018.
    """
    return softplus(fake_scores - real_scores).mean()

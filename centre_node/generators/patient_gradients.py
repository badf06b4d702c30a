"""What single patients would teach a discriminator, bounded and hidden in noise.

A patient's gradient is the mean of the gradients of that patient's patches. It is clipped as a
whole, so a patient with many patches has no more influence than one with a single patch.

Source: Abadi et al. 2016 (arXiv 1607.00133), algorithm 1; Bie et al. 2023 (arXiv 2302.02936).
"""

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from centre_node.generators.construction import mixes_samples
from centre_node.generators.errors import PrivacyError
from centre_node.generators.losses import discriminator_loss
from centre_node.generators.secret_draws import secret_normal

CHUNK = 32
"""Patches whose gradients are in memory at once."""


def check_separable(discriminator: nn.Module) -> None:
    """Check that each patch has a gradient of its own.

    Raises:
        PrivacyError: It has BatchNorm, through which patches change each other's scores.
    """
    if mixes_samples(discriminator):
        raise PrivacyError(
            "the discriminator has BatchNorm, which mixes the patches of different patients: "
            "no patient's influence can be bounded; build it without"
        )


def patch_gradients(discriminator: nn.Module, real: Tensor, fake: Tensor, labels: Tensor) -> Tensor:
    """Return the gradient of the DCGAN's loss on each pair of a real and a fake patch.

    The fakes depend on no patient but through weights that are noisy already; they cost nothing.
    Paired, the two halves of a gradient cancel where the discriminator is undecided, and less of
    it is clipped.

    Args:
        real: Shape (n, 1, side, side).
        fake: The same.
        labels: Of the real patches, shape (n,).

    Returns:
        Shape (n, parameters), the parameters in their order, each flat.
    """

    def loss(weights: dict[str, Tensor], real: Tensor, fake: Tensor, label: Tensor) -> Tensor:
        scores = functional_call(discriminator, weights, (torch.stack([real, fake]),))
        return discriminator_loss(scores[:1], scores[1:], label[None])

    weights = {name: weight.detach() for name, weight in discriminator.named_parameters()}
    found = vmap(grad(loss), in_dims=(None, 0, 0, 0))(weights, real, fake, labels)
    return torch.cat([part.flatten(1) for part in found.values()], dim=1)


def patient_gradients(
    discriminator: nn.Module, real: Tensor, fake: Tensor, labels: Tensor, owners: Tensor
) -> Tensor:
    """Return the mean gradient of each patient's patches, shape (patients, parameters).

    Args:
        owners: Whose each real patch is, numbers from 0 without a gap, int64, shape (n,).
    """
    counts = torch.bincount(owners)
    parameters = sum(weight.numel() for weight in discriminator.parameters())
    total = real.new_zeros(len(counts), parameters)
    for part in torch.arange(len(real), device=real.device).split(CHUNK):
        found = patch_gradients(discriminator, real[part], fake[part], labels[part])
        total.index_add_(0, owners[part], found)
    return total / counts[:, None]


def clipped_sum(gradients: Tensor, clip: float) -> Tensor:
    """Return the sum of patients' gradients, each shortened to a norm of at most `clip`.

    A gradient that is not finite counts as none: it, too, must not be seen.

    Args:
        gradients: Shape (patients, parameters); there may be no patient.

    Returns:
        float64, shape (parameters,).
    """
    total = torch.zeros(gradients.shape[1], dtype=torch.float64, device=gradients.device)
    for gradient in gradients:
        exact = gradient.double()
        norm = exact.norm()
        if norm.isfinite():
            total += exact * (clip / norm.clamp(min=clip))
    return total


def hidden(clipped: Tensor, *, clip: float, noise_multiplier: float, expected: float) -> Tensor:
    """Return the mean gradient of a step that may be seen.

    Args:
        clipped: What `clipped_sum` gives, shape (parameters,).
        noise_multiplier: Standard deviation of the noise in clips.
        expected: Patients in a step on average. That the sum is not divided by those who were
            there keeps their number hidden.
    """
    noise = torch.from_numpy(secret_normal(len(clipped))).to(clipped.device)
    return (clipped + noise_multiplier * clip * noise) / expected

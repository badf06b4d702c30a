from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, leaky_relu

from centre_node.generators.networks import DcganDiscriminator
from centre_node.generators.residual_networks import ResidualDiscriminator
from centre_node.generators.second_derivatives import CheapSecondDerivatives
from shared.architectures import DcganArchitecture, ResidualArchitecture

SIDE = 16
DCGAN = DcganArchitecture(image_size=SIDE, width=4)
NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "critic": lambda: DcganDiscriminator(DCGAN, normalised=False),
    "discriminator with batch norm": lambda: DcganDiscriminator(DCGAN),
    "residual": lambda: ResidualDiscriminator(ResidualArchitecture(image_size=SIDE, width=8)),
    "uneven": lambda: nn.Sequential(
        nn.Conv2d(1, 4, (3, 2), stride=(2, 3), padding=(1, 0), dilation=(1, 2)),
        nn.LeakyReLU(0.3),
        nn.Conv2d(4, 6, 3, groups=2),
        nn.Conv2d(6, 6, 3, padding="same"),
        nn.Tanh(),
        nn.Flatten(),
        nn.LazyLinear(1),
        nn.Flatten(0),
    ),
}


def test_the_curvature_of_a_known_convolution_is_known() -> None:
    points = torch.tensor([[[[2.0, -3.0]]]], requires_grad=True)
    weight = torch.tensor([[[[5.0]]]], requires_grad=True)

    with CheapSecondDerivatives():
        scores = leaky_relu(conv2d(points, weight), 0.1)
    (gradient,) = torch.autograd.grad(scores.sum(), points, create_graph=True)
    gradient.square().sum().backward()  # 25 at the first point, 0.25 at the second

    assert gradient.flatten().tolist() == [5.0, 0.5]
    assert weight.grad is not None
    assert weight.grad.item() == pytest.approx(2 * 5.0 * (1 + 0.1**2))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("with_scores", [False, True])
def test_gradients_of_a_penalty_are_those_of_pytorch(name: str, *, with_scores: bool) -> None:
    torch.manual_seed(0)
    network = NETWORKS[name]().double()
    points = torch.randn(4, 1, SIDE, SIDE, dtype=torch.float64)
    network(points)  # gives a lazy layer its weights
    for parameter in network.parameters():
        nn.init.normal_(parameter, 0.0, 0.3)  # no weight is 0, as new ones may be

    expected = _penalised(network, points, nullcontext(), with_scores=with_scores)
    found = _penalised(network, points, CheapSecondDerivatives(), with_scores=with_scores)

    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-9)


def test_derivatives_of_a_convolution_agree_with_differences() -> None:
    torch.manual_seed(0)
    x, weight = (torch.randn(shape, dtype=torch.float64) for shape in ((2, 2, 5, 5), (4, 1, 3, 3)))

    def gradient(weight: Tensor, towards: Tensor) -> Tensor:
        points = x.clone().requires_grad_()
        with CheapSecondDerivatives():
            y = conv2d(points, weight, stride=2, padding=1, groups=2)
        return torch.autograd.grad(y, points, towards, create_graph=True)[0]

    towards = torch.randn(2, 4, 3, 3, dtype=torch.float64)
    assert torch.autograd.gradcheck(gradient, (weight.requires_grad_(), towards.requires_grad_()))


def _penalised(
    network: nn.Module, points: Tensor, within: AbstractContextManager[object], *, with_scores: bool
) -> list[Tensor]:
    """Return the gradients at all weights, zeros where there are none."""
    network.zero_grad()
    points = points.clone().requires_grad_()
    with within:
        scores = network(points)
    (gradients,) = torch.autograd.grad(scores.sum(), points, create_graph=True)
    loss = (gradients.flatten(1).norm(dim=1) - 1).square().mean()
    if with_scores:
        loss = loss + scores.square().mean()
    loss.backward()
    return [
        torch.zeros_like(weight) if weight.grad is None else weight.grad.clone()
        for weight in network.parameters()
    ]

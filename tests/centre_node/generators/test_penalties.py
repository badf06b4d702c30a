import pytest
import torch
from torch import Tensor, nn

from centre_node.generators.penalties import gradient_penalty, zero_centred_penalty

REAL, FAKE = torch.ones(2, 1, 4, 4), torch.zeros(2, 1, 4, 4)


@pytest.mark.parametrize("slope", [0.0, 1.0, 3.0])
def test_the_gradient_penalty_of_a_linear_critic_is_known_exactly(slope: float) -> None:
    penalty = gradient_penalty(
        lambda x: slope * x[:, 0, 0, 0], REAL, FAKE, epsilon=torch.full((2,), 0.5)
    )

    assert penalty.item() == pytest.approx((slope - 1) ** 2)


def test_the_gradient_is_taken_between_each_real_patch_and_its_fake_partner() -> None:
    seen: list[Tensor] = []

    def critic(patches: Tensor) -> Tensor:
        seen.append(patches)
        return patches.square().sum(dim=(1, 2, 3)) / 2  # its gradient is the patch itself

    penalty = gradient_penalty(critic, REAL, FAKE, epsilon=torch.tensor([0.25, 1.0]))

    assert seen[0][:, 0, 0, 0].tolist() == [0.25, 1.0]
    norms = [4 * 0.25, 4 * 1.0]
    assert penalty.item() == pytest.approx(sum((norm - 1) ** 2 for norm in norms) / 2)


def test_the_penalty_can_be_lowered_by_the_critics_weights() -> None:
    slope = torch.tensor(3.0, requires_grad=True)

    gradient_penalty(lambda x: slope * x[:, 0, 0, 0], REAL, FAKE, epsilon=torch.rand(2)).backward()

    assert slope.grad is not None
    assert slope.grad.item() == pytest.approx(2 * (3.0 - 1))


def test_patches_of_different_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"real is \(2, 1, 4, 4\), fake is \(2, 1, 8, 8\)"):
        gradient_penalty(
            lambda x: x.sum((1, 2, 3)), REAL, torch.zeros(2, 1, 8, 8), epsilon=torch.zeros(2)
        )


def test_the_zero_centred_penalty_of_a_linear_discriminator_is_its_squared_slope() -> None:
    scores, penalty = zero_centred_penalty(lambda x: 3.0 * x[:, 0, 1, 2], REAL)

    assert scores.tolist() == [3.0, 3.0]
    assert penalty.item() == pytest.approx(9.0)


def test_penalties_are_computed_in_float32_within_bfloat16() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 8, 3), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(32, 1))
    real, fake, epsilon = torch.randn(4, 1, 4, 4), torch.randn(4, 1, 4, 4), torch.rand(4)

    def both() -> tuple[Tensor, Tensor]:
        penalty = gradient_penalty(network, real, fake, epsilon=epsilon)
        return penalty, zero_centred_penalty(network, real)[1]

    with torch.autocast("cpu", torch.bfloat16):
        assert network(real).dtype == torch.bfloat16
        within = both()

    for inside, outside in zip(within, both(), strict=True):
        assert inside.dtype == torch.float32
        assert torch.equal(inside, outside)

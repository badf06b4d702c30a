"""What an arm adds to a centre's own training patches."""

from dataclasses import dataclass

from centre_node.study.configuration import Arm


@dataclass(frozen=True, slots=True)
class Addition:
    """Patches that an arm adds: synthetic lesions by generator, and own healthy patches."""

    synthetic: dict[str, int]
    healthy: int

    @property
    def n_synthetic(self) -> int:
        """Synthetic lesion patches of all generators together."""
        return sum(self.synthetic.values())


def addition(arm: Arm, *, synthetic_patches: int) -> Addition:
    """Return what `arm` adds.

    Generators share the synthetic patches equally (the first ones take the remainder), and as many
    healthy patches come with them as keep the classes balanced. `extra_healthy` adds the healthy
    patches alone: the control that separates their effect from that of the synthetic lesions.

    Source: paper section 2.4, paragraph 1. The control is not in the paper.
    """
    if arm.generators:
        return Addition(_shared_equally(synthetic_patches, arm.generators), synthetic_patches)
    return Addition({}, synthetic_patches if arm.extra_healthy else 0)


def largest_healthy_addition(arms: tuple[Arm, ...], *, synthetic_patches: int) -> int:
    """Return how many extra healthy patches the hungriest arm needs."""
    return max(addition(arm, synthetic_patches=synthetic_patches).healthy for arm in arms)


def _shared_equally(total: int, generators: tuple[str, ...]) -> dict[str, int]:
    share, remainder = divmod(total, len(generators))
    return {name: share + (index < remainder) for index, name in enumerate(generators)}

"""Whether a device can hold a training, found out before it starts."""

import torch

from centre_node.generators.errors import NotEnoughMemoryError
from shared.free_memory import free_memory


def check_memory(needed_bytes: int, device: torch.device) -> None:
    """Check that a training fits into what its device has free.

    Where the system does not tell what is free, nothing is checked.

    Raises:
        NotEnoughMemoryError: It does not.
    """
    free = _free_on_cuda(device) if device.type == "cuda" else free_memory()
    if free is not None and needed_bytes > free:
        raise NotEnoughMemoryError(
            f"the training needs about {needed_bytes / 1e6:.0f} MB of memory on the device "
            f"{device}, but {free / 1e6:.0f} MB are free"
        )


def _free_on_cuda(device: torch.device) -> int:
    """Return what the device has free, and what this process has reserved and does not use."""
    free, _total = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)

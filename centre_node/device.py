"""Where networks run, and in which precision."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from shared.names import Precision

NATIVE_BFLOAT16 = ("avx512_bf16", "amx_bf16", "bf16")
"""What processors that compute in bfloat16 have; the last one is ARM's."""


@contextmanager
def computing_with(threads: int) -> Iterator[None]:
    """Set torch's threads for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def default_device() -> torch.device:
    """Return the first GPU, or the CPU where there is none."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def chosen_precision(asked: Precision, device: torch.device) -> Precision:
    """Return what is asked for; for "auto" bfloat16 where the device computes in it, else float32.

    Elsewhere bfloat16 is emulated, which takes longer than float32 does.
    """
    if asked != "auto":
        return asked
    if device.type == "cuda":
        is_native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        capabilities = torch.cpu.get_capabilities()
        is_native = any(capabilities.get(name, False) for name in NATIVE_BFLOAT16)
    return "bfloat16" if is_native else "float32"

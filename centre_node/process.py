"""What a process is set to before it works on real patches."""

import os
from typing import Annotated

import cv2
import torch
from pydantic import Field

from centre_node.log_rules import keep_headers_out

Threads = Annotated[
    int,
    Field(
        ge=1,
        le=256,
        description="Threads of the processor to use; the last digits of a result depend on it.",
    ),
]


def prepare_for_real_patches(threads: int) -> None:
    """Keep what is written for this user alone and headers out of the log; set the threads."""
    keep_headers_out()
    os.umask(0o077)
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)

"""Whether a full disk is at the root of an error."""

import errno
import os


def is_full_disk(error: BaseException | None) -> bool:
    """Tell whether a full disk or a used up quota led to an error, however it was wrapped."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return True
        # SQLite and safetensors say it in words only.
        if "disk is full" in str(error) or os.strerror(errno.ENOSPC) in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False

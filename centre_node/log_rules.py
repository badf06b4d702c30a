"""What a centre's logs must not hold."""

import logging
import warnings


def keep_headers_out() -> None:
    """Silence pydicom's warnings, which can name files and quote headers.

    A file that cannot be read is an error of our own, which names no patient.
    """
    logging.getLogger("pydicom").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"pydicom\b")

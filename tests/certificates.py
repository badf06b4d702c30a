"""A certificate for this machine that nobody has signed."""

import shutil
import subprocess
from pathlib import Path

import pytest

from shared.serving_settings import ServingSettings


def encrypted_settings(folder: Path) -> ServingSettings:
    """Make a certificate and its key in a folder, and return the settings to serve with them."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("makes its certificate with openssl")
    made = (
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        "-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out hub.pem"
    )
    subprocess.run([openssl, *made.split()], cwd=folder, check=True, capture_output=True)
    return ServingSettings(tls_certificate=folder / "hub.pem", tls_key=folder / "key.pem")

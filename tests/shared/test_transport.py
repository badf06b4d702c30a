from pathlib import Path

import pytest

from shared.errors import CannotServeError
from shared.serving_settings import ServingSettings
from shared.transport import check_transport, tls_context


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machine_is_served_as_it_is(host: str) -> None:
    check_transport(host, ServingSettings())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_other_machines_are_served_when_that_was_said(host: str) -> None:
    with pytest.raises(CannotServeError, match="can be reached from other machines"):
        check_transport(host, ServingSettings())

    check_transport(host, ServingSettings(trusted_proxies="10.0.0.1"))
    check_transport(host, ServingSettings(allow_unencrypted=True))


def test_a_file_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    file = tmp_path / "hub.pem"
    file.write_text("nothing")

    with pytest.raises(CannotServeError, match=f"the TLS files {file} and {file} cannot be used"):
        tls_context(ServingSettings(tls_certificate=file, tls_key=file))


def test_a_certificate_comes_with_its_key(tmp_path: Path) -> None:
    file = tmp_path / "hub.pem"
    file.touch()

    with pytest.raises(ValueError, match="are set together or not at all"):
        ServingSettings(tls_certificate=file)

import httpx
import pytest

from shared.errors import UnencryptedError
from shared.hub_client import connect
from shared.plain_http import check_encrypted


@pytest.mark.parametrize("url", ["http://hub:8000", "http://192.0.2.1", "http://localhost.org"])
def test_a_token_goes_to_no_other_machine_in_the_clear_unless_that_was_said(url: str) -> None:
    with pytest.raises(UnencryptedError, match="plain HTTP to another machine") as refused:
        connect(url, "gsc_secret")
    assert url in str(refused.value)
    assert "gsc_secret" not in str(refused.value)

    connect(url, "gsc_secret", allow_unencrypted=True)
    connect(url, None)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8000", "http://127.1.2.3", "http://[::1]:8000", "http://localhost:8000"],
)
def test_this_machine_is_sent_a_token_as_it_is(url: str) -> None:
    check_encrypted(httpx.URL(url), "gsc_secret", allowed=False)


def test_other_machines_are_sent_it_encrypted() -> None:
    check_encrypted(httpx.URL("https://hub.example.org"), "gsc_secret", allowed=False)


def test_a_password_in_the_address_is_a_secret_too_and_is_not_repeated() -> None:
    with pytest.raises(UnencryptedError) as refused:
        check_encrypted(httpx.URL("http://me:secret@hub"), None, allowed=False)
    assert "secret" not in str(refused.value)

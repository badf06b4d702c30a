import httpx
import pytest

from shared.connection_words import why_no_answer


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ("[Errno 111] Connection refused", "nothing listens at that address and port"),
        ("[Errno -2] Name or service not known", "there is no machine of that name"),
        ("[Errno 104] Connection reset by peer", "Connection reset by peer"),
        ("timed out", "timed out"),
        ("two\x1b[2J", r"two\x1b[2J"),
        ("", "ConnectError"),
    ],
)
def test_why_no_answer_came_is_said_without_the_systems_number(told: str, why: str) -> None:
    assert why_no_answer(httpx.ConnectError(told)) == why

import pytest

from shared.durations import duration


@pytest.mark.parametrize(
    ("seconds", "text"), [(8.2, "8 s"), (200, "3 min 20 s"), (180, "3 min"), (7500, "2 h 5 min")]
)
def test_durations_are_said_in_words(seconds: float, text: str) -> None:
    assert duration(seconds) == text

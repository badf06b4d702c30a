import pytest

from centre_node.pages.wording import as_sentence


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("the folder is empty", "The folder is empty."),
        ("gone.", "Gone."),
        ("split_shares must add up to 1", "split_shares must add up to 1."),
        ("own/images is no data set", "own/images is no data set."),
        ("centre-b/masses is withdrawn", "centre-b/masses is withdrawn."),
        ("card.json is damaged", "card.json is damaged."),
        ("centre2 is known", "centre2 is known."),
        ("is it there?", "Is it there?"),
    ],
)
def test_a_sentence_begins_with_a_capital_but_for_a_name(words: str, told: str) -> None:
    assert as_sentence(words) == told

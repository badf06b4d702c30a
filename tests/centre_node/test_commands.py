"""`genshare node` without a node."""

from pathlib import Path

from tests.command_line import Genshare


def test_a_login_at_a_mistyped_folder_is_one_sentence_and_makes_nothing(
    genshare: Genshare, tmp_path: Path
) -> None:
    refused = genshare("node", "login", "--name", "Dr Ada", "--data-dir", str(tmp_path / "typo"))

    assert (refused.code, refused.stdout) == (1, "")
    assert "typo is no node's folder: there is no node.sqlite in it" in refused.stderr
    assert "GS-3005" in refused.stderr
    assert not (tmp_path / "typo").exists()

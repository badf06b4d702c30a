import socket
from pathlib import Path

import pytest
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import CannotServeError
from shared.serving import check_can_serve, check_writable, read_settings


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="TRIAL_", env_ignore_empty=True)

    size: int = Field(3, gt=0)
    token: SecretStr | None = Field(None, min_length=8)


def test_a_free_port_and_a_new_folder_will_do(tmp_path: Path) -> None:
    check_can_serve("127.0.0.1", 0, tmp_path / "new" / "folder")

    assert list((tmp_path / "new" / "folder").iterdir()) == []


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotServeError, match=rf"cannot listen on 127\.0\.0\.1:{port}: "):
            check_can_serve("127.0.0.1", port, tmp_path)


def test_an_address_of_another_machine_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotServeError, match=r"cannot listen on 192\.0\.2\.1:8000: "):
        check_can_serve("192.0.2.1", 8000, tmp_path)


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    for path in (tmp_path / "file", tmp_path / "file" / "folder"):
        with pytest.raises(CannotServeError, match=f"cannot make the folder {path}"):
            check_writable(path)


def test_a_folder_that_takes_no_file_is_named() -> None:
    with pytest.raises(CannotServeError, match="the folder /proc cannot be written: "):
        check_writable(Path("/proc"))


def test_given_values_win_and_none_leaves_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIAL_SIZE", "5")
    monkeypatch.setenv("TRIAL_TOKEN", "")

    assert read_settings(Settings, size=None).size == 5
    assert read_settings(Settings, size=7).size == 7
    assert read_settings(Settings).token is None


@pytest.mark.parametrize(
    ("name", "value"), [("TRIAL_SIZE", "secret-words"), ("TRIAL_TOKEN", "s3cret")]
)
def test_a_wrong_setting_is_named_and_its_value_is_not(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(CannotServeError, match=f"a setting is wrong: {name}: ") as caught:
        read_settings(Settings)

    assert value not in str(caught.value)

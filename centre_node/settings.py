"""The node's settings. The only module of the node that reads the environment."""

import os
from pathlib import Path

from pydantic import DirectoryPath, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.serving_settings import ServingSettings


class Settings(ServingSettings):
    """Read from `NODE_*` environment variables; a wrong value stops the start."""

    model_config = SettingsConfigDict(env_prefix="NODE_", frozen=True, env_ignore_empty=True)

    data_dir: Path = Field(Path("node-data"), description="Holds jobs, patches and generators.")
    mammograms_dir: DirectoryPath | None = Field(
        None, description="The centre's images; only read."
    )
    lent_dir: DirectoryPath | None = Field(
        None, description="Folders of other centres' images, named after them; only read."
    )
    release_policy: Path | None = Field(
        None,
        description="TOML file that says what a generator must show before it leaves; by default "
        "release-policy.toml in the data folder, if it is there.",
    )
    events_seconds: float = Field(
        60, gt=0, description="After so long, the hub is asked again what happened to generators."
    )
    token: SecretStr | None = Field(
        None,
        min_length=16,
        description="Bearer token that callers must send, 16 characters at least; by default one "
        "is made and kept in `token` of the data folder.",
    )
    allowed_hosts: str = Field(
        "",
        description="Names, with commas, by which callers reach the node beside `localhost` and "
        "its address.",
    )
    wrong_tokens_per_minute: int = Field(
        30,
        gt=0,
        description="Of one address; after more, a NODE_TOKEN is not looked at for a while (429).",
    )
    all_wrong_tokens_per_minute: int = Field(600, gt=0, description="Of all addresses.")


def worker_environment() -> dict[str, str]:
    """Return this process's environment for a worker, whose threads are to wait asleep.

    By default those that wait for each other spin, which costs a job that shares its processors
    with anything else most of its speed: a factor of five and more on two cores.
    """
    inherited = dict(os.environ)  # noqa: TID251 (handed on to a child process, not read)
    return {"OMP_WAIT_POLICY": "passive", **inherited}

"""The node's settings. The only module of the node that reads the environment."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import DirectoryPath, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from node_api.review import Reviewer
from shared.names import Text
from shared.serving_settings import ServingSettings

RETRY_SECONDS = (5.0, 30.0, 120.0)
IDLE_SECONDS = 20.0


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
    review: Reviewer = Field(
        "person",
        description="Who looks at what a publish would send before it does, where the release "
        "policy does not say: `person` or `machine`.",
    )
    retry_seconds: tuple[Annotated[float, Field(ge=0)], ...] = Field(
        RETRY_SECONDS,
        max_length=20,
        description="Pauses, as a JSON list, before a job is tried again that failed for a passing "
        "reason.",
    )
    register_seconds: float = Field(
        10.0,
        ge=0,
        description="A data set that takes longer to read is registered by a job.",
    )
    worker_idle_seconds: float = Field(
        IDLE_SECONDS, gt=0, description="After so long without a job, the worker process ends."
    )
    heavy_jobs: int | None = Field(
        None,
        gt=0,
        description="Trainings, audits, studies and drawings of phantoms at once; by default one a "
        "GPU or, without a GPU, as many as the processors carry with the threads asked for.",
    )
    light_jobs: int = Field(
        2,
        gt=0,
        description="Other jobs at once, such as a pull or a publish; they wait for no training.",
    )
    job_hours: float | None = Field(None, gt=0, description="A job that runs longer fails.")
    job_memory_gb: float | None = Field(
        None, gt=0, description="A job whose processes take more memory fails."
    )
    keep_artifacts_days: float | None = Field(
        None, ge=0, description="Artifacts of jobs that ended longer ago are pruned once a day."
    )
    keep_artifacts_bytes: int | None = Field(
        None, ge=0, description="Beyond so much in all, the oldest artifacts are pruned once a day."
    )
    token: SecretStr | None = Field(
        None,
        min_length=16,
        description="Bearer token that callers must send, 16 characters at least; by default one "
        "is made and kept in `token` of the data folder.",
    )
    reviewers: dict[Text, Annotated[SecretStr, Field(min_length=16)]] = Field(
        default_factory=dict,
        max_length=100,
        description="Who may approve what leaves: a JSON object of names and their tokens, 16 "
        "characters each at least; without any, all staff may.",
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


def visible_gpus(devices: Path = Path("/dev")) -> tuple[str, ...]:
    """Return the GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them.

    Args:
        devices: Where the driver's files are.
    """
    named = os.environ.get("CUDA_VISIBLE_DEVICES")  # noqa: TID251 (CUDA's own)
    if named is not None:
        return tuple(filter(None, (name.strip() for name in named.split(","))))
    return tuple(str(number) for number in range(len([*devices.glob("nvidia[0-9]*")])))


def worker_environment(gpu: str | None = None) -> dict[str, str]:
    """Return this process's environment for a worker, whose threads are to wait asleep.

    Args:
        gpu: The only GPU that it sees; None: all that this process sees.

    By default those that wait for each other spin, which costs a job that shares its processors
    with anything else most of its speed: a factor of five and more on two cores.
    """
    inherited = dict(os.environ)  # noqa: TID251 (handed on to a child process, not read)
    chosen = {} if gpu is None else {"CUDA_VISIBLE_DEVICES": gpu}
    return {"OMP_WAIT_POLICY": "passive", **inherited, **chosen}

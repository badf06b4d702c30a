"""The node's settings. The only module of the node that reads the environment."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read from `NODE_*` environment variables; a wrong value stops the start."""

    model_config = SettingsConfigDict(env_prefix="NODE_", frozen=True, env_ignore_empty=True)

    data_dir: Path = Field(Path("node-data"), description="Holds jobs, patches and generators.")
    mammograms_dir: Path | None = Field(None, description="The centre's images; only read.")
    token: SecretStr | None = Field(None, min_length=8, description="Asked of every caller.")

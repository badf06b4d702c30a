"""The hub's settings. The only module of the hub that reads the environment."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.serving_settings import ServingSettings


class Settings(ServingSettings):
    """Read from `HUB_*` environment variables; a wrong value stops the start."""

    model_config = SettingsConfigDict(env_prefix="HUB_", frozen=True, env_ignore_empty=True)

    data_dir: Path = Field(Path("hub-data"), description="Holds the database and the files.")
    admin_token: SecretStr | None = Field(None, min_length=8, description="Enrols centres by REST.")
    max_file_bytes: int = Field(512 * 1024 * 1024, gt=0)

"""The hub's settings. The only module of the hub that reads the environment."""

from pathlib import Path

from pydantic import Field, HttpUrl, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.serving_settings import ServingSettings

MIB, GIB = 1 << 20, 1 << 30


class Settings(ServingSettings):
    """Read from `HUB_*` environment variables; a wrong value stops the start."""

    model_config = SettingsConfigDict(env_prefix="HUB_", frozen=True, env_ignore_empty=True)

    data_dir: Path = Field(Path("hub-data"), description="Holds the database and the files.")
    admin_token: SecretStr | None = Field(
        None, min_length=16, description="Enrols and removes centres by REST."
    )
    approval: str = Field(
        "none",
        max_length=200,
        description="What a version needs to be approved: none, operator, or rules with commas.",
    )
    max_file_bytes: int = Field(512 * MIB, gt=0)
    allowed_hosts: str = Field(
        "", description="Host names, with commas, that callers use beside the address."
    )
    public_url: HttpUrl | None = Field(
        None, description="Where callers reach the hub, such as https://hub.example.org."
    )
    wrong_tokens_per_minute: int = Field(30, gt=0, description="Looked at, of one address.")
    all_wrong_tokens_per_minute: int = Field(600, gt=0, description="Looked at, of all.")
    requests_per_minute: int = Field(6_000, gt=0, description="Of one centre.")
    max_bytes_per_centre: int = Field(50 * GIB, gt=0, description="Stored and coming in.")
    max_files_per_centre: int = Field(20_000, gt=0, description="Stored and coming in.")
    max_versions_per_centre: int = Field(2_000, gt=0, description="Published.")
    upload_stall_seconds: float = Field(60, gt=0, description="Longest wait for more of an upload.")
    orphan_hours: float = Field(24, gt=0, description="What no version has is removed after them.")
    reserve_bytes: int = Field(64 * MIB, ge=0, description="Kept free of uploads on the disk.")

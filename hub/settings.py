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
        None,
        min_length=16,
        description="Enrols and removes centres over REST, 16 characters at least; without it only "
        "`genshare hub invite` and `remove` do.",
    )
    approval: str = Field(
        "none",
        max_length=200,
        description="What a version needs before others see it: none, operator, or rules with "
        "commas; see life-cycle.md.",
    )
    max_file_bytes: int = Field(512 * MIB, gt=0, description="Largest upload.")
    allowed_hosts: str = Field(
        "",
        description="Names, with commas, by which callers reach the hub beside `localhost`, its "
        "address and that of HUB_PUBLIC_URL.",
    )
    public_url: HttpUrl | None = Field(
        None,
        description="What links in answers begin with, such as https://hub.example.org; without it "
        "they are relative.",
    )
    wrong_tokens_per_minute: int = Field(
        30,
        gt=0,
        description="Of one address; after more, the administrator's token is not looked at for a "
        "while (429).",
    )
    all_wrong_tokens_per_minute: int = Field(600, gt=0, description="Of all addresses.")
    requests_per_minute: int = Field(
        6_000, gt=0, description="Of one centre; more are answered 429 with Retry-After."
    )
    max_bytes_per_centre: int = Field(
        50 * GIB, gt=0, description="What a centre may have uploaded, with what is coming in."
    )
    max_files_per_centre: int = Field(
        20_000, gt=0, description="What a centre may have uploaded, with what is coming in."
    )
    max_versions_per_centre: int = Field(
        2_000, gt=0, description="What a centre may have published."
    )
    upload_stall_seconds: float = Field(60, gt=0, description="Longest wait for more of an upload.")
    orphan_hours: float = Field(
        24, gt=0, description="After them, a file that no version has is removed."
    )
    reserve_bytes: int = Field(
        64 * MIB,
        ge=0,
        description="Kept free of uploads on the disk; with less, /readyz answers 503 and the hub "
        "is read only.",
    )

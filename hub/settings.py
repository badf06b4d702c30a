"""The hub's settings. The only module of the hub that reads the environment."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, HttpUrl, SecretStr, StringConstraints, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import SettingsConfigDict

from shared.names import in_words
from shared.serving_settings import ServingSettings

MIB, GIB = 1 << 20, 1 << 30

FILES_URL = r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/[A-Za-z0-9._-]+)*/?$"
FilesUrl = Annotated[
    str,
    StringConstraints(pattern=FILES_URL),
    in_words(FILES_URL, "s3://BUCKET or s3://BUCKET/PREFIX"),
]


class Settings(ServingSettings):
    """Read from `HUB_*` environment variables; a wrong value stops the start."""

    model_config = SettingsConfigDict(env_prefix="HUB_", frozen=True, env_ignore_empty=True)

    data_dir: Path = Field(
        Path("hub-data"),
        description="Holds the database and the files, or what is coming in where both are "
        "elsewhere; of one hub, or one replica, alone.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="A database in PostgreSQL in place of a file, such as "
        "postgresql://hub:PASSWORD@db.example.org/hub; needs HUB_FILES_URL too.",
    )
    files_url: FilesUrl | None = Field(
        None,
        max_length=300,
        description="Where files go in place of a folder: s3://BUCKET or s3://BUCKET/PREFIX, of "
        "one hub alone.",
    )
    s3_endpoint: HttpUrl | None = Field(
        None, description="Address of the S3 API; by default Amazon's for the region."
    )
    s3_region: str = Field("us-east-1", max_length=60, description="Region of the bucket.")
    s3_access_key_id: str | None = Field(
        None, max_length=200, description="Which key opens the bucket."
    )
    s3_secret_access_key: SecretStr | None = Field(None, description="That key's secret.")
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

    @model_validator(mode="after")
    def _storage_is_whole(self) -> "Settings":
        if self.database_url is not None and self.files_url is None:
            message = (
                "HUB_DATABASE_URL is set and HUB_FILES_URL is not: a folder of files belongs to "
                "one machine, and replicas would miss each other's"
            )
            raise PydanticCustomError("database_without_files", message)
        keys = (self.s3_access_key_id, self.s3_secret_access_key)
        if self.files_url is not None and None in keys:
            message = (
                "HUB_FILES_URL is set, and HUB_S3_ACCESS_KEY_ID or HUB_S3_SECRET_ACCESS_KEY is not"
            )
            raise PydanticCustomError("files_without_keys", message)
        return self

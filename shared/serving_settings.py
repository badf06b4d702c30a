"""Settings that hub and node share: how they listen, and how much they bear from a caller."""

from pydantic import Field, FilePath, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.log_format import LogFormat


class ServingSettings(BaseSettings):
    """What the server of a service is told; the service's own settings come on top."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    tls_certificate: FilePath | None = Field(None, description="PEM file, with its chain.")
    tls_key: FilePath | None = Field(None, description="PEM file, without a password.")
    trusted_proxies: str = Field(
        "", description="Addresses or networks, with commas, whose X-Forwarded-* are believed."
    )
    allow_unencrypted: bool = Field(
        False,
        description="Listen beyond loopback without TLS or proxy; a node then also connects to a "
        "hub at http://.",
    )
    max_connections: int = Field(
        400,
        ge=2,
        description="More make room for those who ask; fewer where file descriptors are few.",
    )
    idle_seconds: float = Field(15, gt=0, description="Longest wait for a request to begin.")
    head_seconds: float = Field(10, gt=0, description="Longest time for a whole request head.")
    max_head_bytes: int = Field(
        16_384, ge=1_024, le=262_144, description="Largest head of a request."
    )
    stall_seconds: float = Field(30, gt=0, description="Over this time the rate is measured.")
    least_bytes_per_second: int = Field(1_000, gt=0, description="Slower transfers are ended.")
    request_seconds: float = Field(14_400, gt=0, description="Longest transfer at any rate.")
    log_lines_per_minute: int = Field(600, ge=10, description="More are counted, not written.")
    log_format: LogFormat = Field("text", description="Lines for people, or JSON for programs.")

    @model_validator(mode="after")
    def _key_comes_with_certificate(self) -> "ServingSettings":
        if (self.tls_certificate is None) != (self.tls_key is None):
            message = "TLS_CERTIFICATE and TLS_KEY are set together or not at all"
            raise PydanticCustomError("key_without_certificate", message)
        return self

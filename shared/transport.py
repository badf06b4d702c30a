"""Over what a service may be reached: loopback, TLS, a proxy, or what its operator answers for."""

import ssl
from ipaddress import ip_address
from socket import SOCK_STREAM, getaddrinfo

from shared.errors import CannotServeError
from shared.plain_http import IN_THE_CLEAR
from shared.serving_settings import ServingSettings

WAYS_OUT = (
    "Give --tls-certificate and --tls-key, or name a TLS proxy in {prefix}TRUSTED_PROXIES, or say "
    "--allow-unencrypted"
)


def check_transport(host: str, settings: ServingSettings) -> None:
    """Check that nobody beyond this machine is served in the clear unless that was said.

    Raises:
        CannotServeError: It was not.
    """
    protected = settings.tls_certificate or settings.trusted_proxies or settings.allow_unencrypted
    if not protected and not _is_loopback(host):
        prefix = settings.model_config.get("env_prefix", "")
        raise CannotServeError(
            f"{host} can be reached from other machines, and {IN_THE_CLEAR}. "
            f"{WAYS_OUT.format(prefix=prefix)}"
        )


def tls_context(settings: ServingSettings) -> ssl.SSLContext | None:
    """Return how connections are encrypted; None where they are not.

    Raises:
        CannotServeError: Certificate and key cannot be used.
    """
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # Without an answer to give, OpenSSL asks for a key's password on the terminal.
        context.load_cert_chain(settings.tls_certificate, settings.tls_key, password=lambda: "")
    except OSError as error:
        files = f"{settings.tls_certificate} and {settings.tls_key}"
        raise CannotServeError(f"the TLS files {files} cannot be used: {error}") from error
    return context


def _is_loopback(host: str) -> bool:
    found = {str(address[0]) for *_, address in getaddrinfo(host, None, type=SOCK_STREAM)}
    return all(ip_address(name.partition("%")[0]).is_loopback for name in found)

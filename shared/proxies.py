"""Which proxy stands between this machine and a service, as the environment says."""

from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx


def proxy_for(url: httpx.URL) -> httpcore.Proxy | None:
    """Return the proxy that the environment names for a URL: HTTP_PROXY, ALL_PROXY, NO_PROXY."""
    named = getproxies()
    address = named.get(url.scheme) or named.get("all")
    if not address or not url.host or proxy_bypass(url.netloc.decode("ascii")):
        return None
    proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
    return httpcore.Proxy(
        httpcore.URL(
            scheme=proxy.url.raw_scheme,
            host=proxy.url.raw_host,
            port=proxy.url.port,
            target=proxy.url.raw_path,
        ),
        auth=proxy.raw_auth,
        headers=proxy.headers.raw,
        ssl_context=proxy.ssl_context,
    )

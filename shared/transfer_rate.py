"""How fast bytes move over a connection, whichever way, and whoever sends them."""

import asyncio
import socket
import struct
from typing import cast

BYTES_ACKNOWLEDGED = 120  # where Linux keeps them in its `tcp_info`
SHORTEST_SECONDS = 0.1


class TransferRate:
    """Measures over one window of time after another."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.received = 0
        self.bytes_per_second = 0.0
        self._since, self._moved_before = 0.0, 0

    def start(self, now: float) -> None:
        """Begin a window."""
        self._since, self._moved_before = now, self._moved()

    def measure(self, now: float) -> float:
        """Measure the rate in this window, and return how many seconds it has lasted."""
        seconds = max(now - self._since, SHORTEST_SECONDS)
        self.bytes_per_second = (self._moved() - self._moved_before) / seconds
        return seconds

    def _moved(self) -> int:
        """Return the bytes received, and those that the other side's kernel has taken.

        Of what `sendfile` sends, and of what waits in this side's kernel, nothing else tells.
        """
        if self.transport is None or self.transport.is_closing():
            return self.received
        ours = cast("socket.socket", self.transport.get_extra_info("socket"))
        info = ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, BYTES_ACKNOWLEDGED + 8)
        return self.received + cast("int", struct.unpack_from("=Q", info, BYTES_ACKNOWLEDGED)[0])

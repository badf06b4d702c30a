"""The line between nodes and hub: counts what crosses it, and can be cut, or change a byte."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

PIECE_BYTES = 1024


class Line:
    """Hands on what comes to its port to the hub's, and back.

    Attributes:
        crossed: Bytes so far, in both directions.
        is_cut: Whether it takes no connection for now.
    """

    def __init__(self, hub_url: str) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._hub = ("127.0.0.1", urlsplit(hub_url).port)
        self._open: set[socket.socket] = set()
        self.crossed = 0
        self.is_cut = False
        self._spoils_next = False
        self._at = 0
        self._strike: Callable[[], object] | None = None

    def strike_at(self, crossed: int, strike: Callable[[], object]) -> None:
        """Call `strike` as soon as so many bytes have crossed."""
        self._at, self._strike = crossed, strike

    def cut(self) -> None:
        """End every connection, and take none until it is mended."""
        self.is_cut = True
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def spoil_one(self) -> None:
        """Change a bit of what comes from the hub next."""
        self._spoils_next = True

    def serve(self) -> None:
        """Hand on until it is closed."""
        while True:
            try:
                caller, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=[caller], daemon=True).start()

    def close(self) -> None:
        """End it for good."""
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()

    def _connect(self, caller: socket.socket) -> None:
        with caller, suppress(OSError):
            if self.is_cut:
                return
            with socket.create_connection(self._hub) as hub:
                self._open |= {caller, hub}
                answers = threading.Thread(
                    target=self._hand_on, args=[hub, caller, True], daemon=True
                )
                answers.start()
                self._hand_on(caller, hub, False)
                answers.join()
                self._open -= {caller, hub}

    def _hand_on(self, sender: socket.socket, receiver: socket.socket, from_hub: bool) -> None:
        with suppress(OSError):
            while piece := sender.recv(PIECE_BYTES):
                self._count(len(piece))
                if self.is_cut:
                    break
                if from_hub and self._spoils_next:
                    self._spoils_next = False
                    piece = piece[:-1] + bytes([piece[-1] ^ 1])
                receiver.sendall(piece)
        for end in (sender, receiver):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _count(self, size: int) -> None:
        self.crossed += size
        if (strike := self._strike) is not None and self.crossed >= self._at:
            self._strike = None
            strike()


@contextmanager
def line_to(hub_url: str) -> Iterator[Line]:
    """Open a line to a hub."""
    line = Line(hub_url)
    threading.Thread(target=line.serve, daemon=True).start()
    try:
        yield line
    finally:
        line.close()

"""HTTP/1.1 on one connection: uvicorn's, with limits of time and size, and files by the kernel.

uvicorn ends a connection that is quiet between two requests and has no other limit of time; nor
does it offer `sendfile`. Of its protocol this changes what stands here, and nothing else.
"""

import asyncio
import ssl
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

import h11
from h11._readers import ContentLengthReader
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from shared.connections import Connections, Phase
from shared.raw_problems import raw_problem
from shared.transfer_rate import TransferRate

LINGER_SECONDS, LINGER_BYTES = 2.0, 16_000_000  # given to a caller who still sends when answered
READ_AT_FIRST, READ_AT_ONCE, READ_BY_ALL = 16_384, 262_144, 8_000_000  # bytes
CLOSE = (b"connection", b"close")


class LimitedProtocol(H11Protocol):
    """One connection, which knows whether it breaks a limit."""

    def __init__(self, *, watch: Connections, tls: ssl.SSLContext | None, **uvicorns: Any) -> None:
        super().__init__(**uvicorns)
        self._watch, self._tls = watch, tls
        self._application, self.app = self.app, cast("Any", self._answer)
        self._socket: asyncio.Transport | None = None
        self._handshake: asyncio.Task[None] | None = None
        self._early = b""
        self._file: asyncio.Task[int] | None = None
        self._gone = asyncio.Event()
        self._rate = TransferRate()
        self.since = time.monotonic()
        self._head_since: float | None = None

    # What asyncio calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, where there is room; else say so, which costs nothing."""
        self._socket = self._rate.transport = transport
        self._read_at_once(READ_AT_FIRST)
        if not self._watch.admit(self):
            if self._tls is None:
                transport.write(raw_problem(503, "too many callers at once; try again"))
            transport.close()
        elif self._tls is None:
            super().connection_made(transport)
        else:
            self._handshake = self.loop.create_task(self._encrypt(transport, self._tls))

    def data_received(self, data: bytes) -> None:
        """Count what comes, and the time that a request's head takes."""
        self._rate.received += len(data)
        if self.transport is None:  # what came on the heels of the handshake
            self._early += data
            return
        if self.phase is Phase.WAITING and self._head_since is None:
            self._head_since = time.monotonic()
        if not self._passed_on(data):
            super().data_received(data)
        if self.cycle and self.cycle.more_body and self.cycle.body:
            self.flow.pause_reading()  # until the application asks for more

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._watch.forget(self)
        self._gone.set()
        if self.transport is not None:
            super().connection_lost(exc)

    # What the limits ask

    @property
    def phase(self) -> Phase:
        """What the connection does now."""
        if self._file or (self.transport and self.transport.get_write_buffer_size()):
            return Phase.SENDING
        if not self.cycle or self.cycle.response_complete:
            return Phase.WAITING
        asked_for_body = not (self.flow.read_paused or self.cycle.waiting_for_100_continue)
        return Phase.RECEIVING if self.cycle.more_body and asked_for_body else Phase.WORKING

    @property
    def rate(self) -> float:
        """How many bytes a second it has moved of late, as the last sweep found."""
        return self._rate.bytes_per_second

    def overdue(self, now: float) -> str | None:
        """Return the limit that is broken, if any. Only what the caller delays counts."""
        limits = self._watch.limits
        if self.phase is Phase.WAITING:
            if self._head_since is not None:
                late = now - self._head_since > limits.head_seconds
                return "took too long for a request's head" if late else None
            return "was idle" if now - self.since > limits.idle_seconds else None
        if self.phase is Phase.WORKING:
            self._rate.start(now)
            return None
        if now - self.since > limits.request_seconds:
            return "took too long for a request"
        if self._rate.measure(now) < limits.stall_seconds:
            return None
        too_slow = self.rate < limits.least_bytes_per_second
        self._rate.start(now)
        return "sent or took its bytes too slowly" if too_slow else None

    def cut(self) -> None:
        """End the connection at once; a request of which nothing is answered yet gets a 408."""
        if self._handshake is not None:
            self._handshake.cancel()
        if self._file is not None:
            self._file.cancel()  # the socket must not close under the kernel's hands
            return
        begun = self._head_since is not None or self.phase is Phase.RECEIVING
        if begun and self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            self._leave(raw_problem(408, "the request came too slowly"))
        assert self._socket is not None
        self._socket.abort()

    # What uvicorn calls

    def on_response_complete(self) -> None:
        """Wait for the next request, of which a part may be here."""
        self.since = time.monotonic()
        self._read_at_once(READ_AT_FIRST)
        self._head_since = self.since if self.conn.trailing_data[0] else None
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (uvicorn's words)
        """Refuse what is no HTTP, or too large; called while the parser's error is handled."""
        hinted = getattr(sys.exception(), "error_status_hint", 400)
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            self._leave(raw_problem(hinted, "the request is no HTTP/1.1, or its head is too large"))
            self.transport.close()
        else:  # in the middle of an answer
            self.transport.abort()

    # What happens to one request

    def _passed_on(self, data: bytes) -> bool:
        """Pass a part of a body on as it is, which h11 and uvicorn would copy five times.

        Only where it cannot be the end of a body whose length was declared: the end, what follows
        it, and every other kind of body are h11's, which is told how much is still to come.
        """
        body = self.conn._reader  # h11 has no other way to be told
        if (
            not isinstance(body, ContentLengthReader)
            or self.conn.their_state is not h11.SEND_BODY
            or self.conn.our_state is not h11.SEND_RESPONSE
            or self.conn.they_are_waiting_for_100_continue
            or self.conn.trailing_data[0]
            or self.cycle.body
            or len(data) >= body._remaining
        ):
            return False
        body._remaining -= len(data)
        self.cycle.body = cast("bytearray", data)
        share = READ_BY_ALL // max(1, len(self._watch))
        self._read_at_once(max(READ_AT_FIRST, min(READ_AT_ONCE, share)))
        self.cycle.message_event.set()
        return True

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.since, self._head_since = time.monotonic(), None
        self._rate.start(self.since)

        async def send_limited(message: Message) -> None:
            if message["type"] in {"http.response.pathsend", "http.response.zerocopysend"}:
                await self._send_file(message, send)
                return
            if message["type"] == "http.response.start" and self.cycle.more_body:
                headers = [one for one in message.get("headers", ()) if one[0].lower() != CLOSE[0]]
                message = {**message, "headers": [*headers, CLOSE]}
            if message["type"] == "http.response.body" and not message.get("more_body"):
                await self._linger(message, receive, send)
            await send(message)

        head_bytes = len(scope["raw_path"]) + len(scope["query_string"])
        head_bytes += sum(len(name) + len(value) for name, value in scope["headers"])
        if head_bytes > self._watch.limits.max_head_bytes:
            self._leave(raw_problem(431, "the request's head is too large"))
            self.transport.close()
            return
        if self._tls is None:
            scope["extensions"] = {"http.response.pathsend": {}, "http.response.zerocopysend": {}}
        await cast("Any", self._application)(scope, receive, send_limited)

    def _read_at_once(self, most: int) -> None:
        """Read so much at most from now on: hundreds may send what nobody asked for yet."""
        cast("Any", self._socket).max_size = most  # so asyncio's transports call it

    async def _linger(self, message: Message, receive: Receive, send: Send) -> None:
        """Read a little of a body that nobody wants: its sender may not look before that."""
        if not self.cycle.more_body or self.cycle.disconnected:
            return
        await send({**message, "more_body": True})
        message["body"] = b""
        end = self._rate.received + LINGER_BYTES
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while self._rate.received < end and (await receive()).get("more_body"):
                    pass

    async def _send_file(self, message: Message, send: Send) -> None:
        """Have the kernel send a file, or a part of it, as the whole body of an answer."""
        file: BinaryIO | None = message.get("file")
        if file is None:
            file = await asyncio.to_thread(Path(message["path"]).open, "rb")
        with file:
            size = await asyncio.to_thread(file.seek, 0, 2)
            offset = message.get("offset", 0)
            count = message.get("count", size - offset)
            if count and not self.cycle.disconnected:
                part = h11.Data(data=cast("bytes", _Length(count)))
                for output in self.conn.send_with_data_passthrough(part) or ():
                    if isinstance(output, bytes):
                        self.transport.write(output)
                    elif not await self._sent_by_kernel(file, offset, count):
                        return
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _sent_by_kernel(self, file: BinaryIO, offset: int, count: int) -> bool:
        sending = self.loop.sendfile(self.transport, file, offset, count)
        self._file = self.loop.create_task(sending)
        try:
            await asyncio.wait({self._file})
            whole = not self._file.cancelled() and not self._file.exception()
            whole = whole and self._file.result() == count
        finally:
            self._file.cancel()
            self._file = None
        if not whole:  # the caller left or was cut, or the file became shorter
            self.transport.abort()
            await self._gone.wait()
        return whole

    async def _encrypt(self, transport: asyncio.Transport, tls: ssl.SSLContext) -> None:
        """Shake hands under our limits: uvicorn knows a connection only when that is done."""
        try:
            encrypted = await self.loop.start_tls(
                transport,
                self,
                tls,
                server_side=True,
                ssl_handshake_timeout=self._watch.limits.head_seconds,
            )
        except OSError:  # no TLS, an unknown version, or too slow
            self._watch.forget(self)
            transport.abort()
            return
        assert encrypted is not None
        super().connection_made(encrypted)
        if self._early:
            super().data_received(self._early)

    def _leave(self, last_words: bytes) -> None:
        """Write an answer past the application, which from now on speaks to nobody."""
        if self.transport is None:
            return
        self.transport.write(last_words)
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()


class _Length:
    """Stands for bytes that are not here, of which h11 needs to know how many."""

    def __init__(self, length: int) -> None:
        self._length = length

    def __len__(self) -> int:
        return self._length

"""Every byte that crosses a network of containers, as the machine's kernel sees it."""

import ctypes
import socket
import struct
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

ALL_PROTOCOLS = 3
SOL_PACKET, ADD_MEMBERSHIP, STATISTICS = 263, 1, 6
PROMISCUOUS = 1
LARGEST_FRAME = 1 << 17
BUFFER_BYTES = 64 << 20
SO_RCVBUFFORCE = 33
IPV4, TCP = 0x0800, 6
SYN = 2
SEQUENCES = 1 << 32

Ends = tuple[bytes, int, bytes, int]


@dataclass
class _Direction:
    """One end of a connection speaks to the other."""

    first: int
    pieces: dict[int, bytes] = field(default_factory=dict)

    def joined(self) -> bytes:
        """Return what was said; nothing of it may be missing."""
        whole = bytearray()
        for place, piece in sorted(self.pieces.items()):
            assert place <= len(whole), f"{place - len(whole)} bytes were not recorded"
            whole += piece[len(whole) - place :]
        return bytes(whole)


class Recording:
    """Records the frames of a bridge, from when it is made until it is closed."""

    def __init__(self, bridge: str) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
        self._socket.bind((bridge, 0))
        # A bridge hands on what goes from one container to another, and shows it only if asked to.
        asked = struct.pack("iHH8s", socket.if_nametoindex(bridge), PROMISCUOUS, 0, b"")
        self._socket.setsockopt(SOL_PACKET, ADD_MEMBERSHIP, asked)
        self._socket.settimeout(0.5)
        self._directions: dict[Ends, list[_Direction]] = defaultdict(list)
        self._others = bytearray()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._record, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop; every frame must have been taken."""
        self._ends.set()
        self._thread.join()
        counted = self._socket.getsockopt(SOL_PACKET, STATISTICS, 8)
        self._socket.close()
        assert ctypes.c_uint.from_buffer_copy(counted, 4).value == 0, "frames were lost"

    def said(self) -> list[bytes]:
        """Return what each end of each connection said, and what came by other protocols."""
        streams = [direction.joined() for of in self._directions.values() for direction in of]
        return [*streams, bytes(self._others)]

    def _record(self) -> None:
        while True:
            try:
                frame = self._socket.recv(LARGEST_FRAME)
            except TimeoutError:
                if self._ends.is_set():
                    return
                continue
            self._take(frame)

    def _take(self, frame: bytes) -> None:
        (kind,) = struct.unpack_from("!H", frame, 12)
        packet = frame[14:]
        if kind != IPV4 or packet[9] != TCP:
            self._others += packet
            return
        header = (packet[0] & 15) * 4
        whole = struct.unpack_from("!H", packet, 2)[0] or len(packet)
        source, target, sequence, _, offset, flags = struct.unpack_from("!HHIIBB", packet, header)
        piece = packet[header + (offset >> 4) * 4 : whole]
        of = self._directions[packet[12:16], source, packet[16:20], target]
        if flags & SYN:
            first = (sequence + 1) % SEQUENCES
            if not of or of[-1].first != first:
                of.append(_Direction(first))
        elif not of:  # it began before the recording
            of.append(_Direction(sequence))
        if piece:
            place = (sequence - of[-1].first) % SEQUENCES
            if place < SEQUENCES // 2:  # not the byte by which a connection is kept alive
                known = of[-1].pieces.get(place, b"")
                of[-1].pieces[place] = max(known, piece, key=len)


@contextmanager
def recorded(*bridges: str) -> Iterator[list[Recording]]:
    """Record bridges."""
    recordings = [Recording(bridge) for bridge in bridges]
    try:
        yield recordings
    finally:
        for recording in recordings:
            recording.close()

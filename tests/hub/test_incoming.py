"""Uploads are written in pieces by a thread, and what the disk says reaches who sends."""

import asyncio
import errno
import hashlib
import io
import threading
from pathlib import Path

import pytest

import hub.registry.incoming
from hub.registry.incoming import Held, IncomingFile, incoming_file

CHUNKS = [bytes([number % 251]) * size for number, size in enumerate([1, 262_144, 7] * 40)]


def test_pieces_of_every_size_are_one_file(tmp_path: Path) -> None:
    held = Held()

    async def receive() -> str:
        async with incoming_file(tmp_path / "file", held) as incoming:
            for chunk in CHUNKS:
                if incoming.gather(chunk):
                    await incoming.write()
                assert held.size_bytes < 2_600_000
            await incoming.write()
            return await incoming.sha256()

    assert asyncio.run(receive()) == hashlib.sha256(b"".join(CHUNKS)).hexdigest()
    assert (tmp_path / "file").read_bytes() == b"".join(CHUNKS)
    assert held.size_bytes == 0


@pytest.mark.parametrize("limit", ["PIECE_BYTES", "PIECE_CHUNKS", "PIECE_SECONDS"])
def test_what_is_much_or_came_slowly_is_written(
    tmp_path: Path, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gather() -> bool:
        async with incoming_file(tmp_path / "file", Held()) as incoming:
            assert not incoming.gather(b"a")
            monkeypatch.setattr(hub.registry.incoming, limit, 0)
            return incoming.gather(b"b")

    assert asyncio.run(gather())


def test_where_many_gather_none_gathers_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub.registry.incoming, "MOST_HELD_BYTES", 5)
    held = Held()

    async def gather() -> tuple[bool, bool]:
        async with (
            incoming_file(tmp_path / "one", held) as one,
            incoming_file(tmp_path / "two", held) as two,
        ):
            return one.gather(b"four"), two.gather(b"two")

    assert asyncio.run(gather()) == (False, True)
    assert held.size_bytes == 0


def test_what_the_disk_says_of_a_piece_ends_the_upload() -> None:
    class Full(io.BytesIO):
        def write(self, _content: object) -> int:
            raise OSError(errno.ENOSPC, "no space")

    async def receive() -> None:
        incoming = IncomingFile(Full(), Held())
        incoming.gather(b"piece")
        await incoming.write()
        incoming.gather(b"another")
        await incoming.write()

    with pytest.raises(OSError, match="no space"):
        asyncio.run(receive())


def test_a_file_is_closed_when_its_last_piece_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def put(incoming: IncomingFile, piece: list[bytes]) -> None:
        begun.set()
        go_on.wait(60)
        incoming._file.writelines(piece)

    monkeypatch.setattr(IncomingFile, "_put", put)

    async def receive() -> None:
        async with incoming_file(tmp_path / "file", Held()) as incoming:
            incoming.gather(b"piece")
            await incoming.write()
            await incoming.sha256()

    async def break_off() -> bool:
        receiving = asyncio.create_task(receive())
        await asyncio.to_thread(begun.wait, 60)
        receiving.cancel()
        await asyncio.sleep(0.01)
        waited = not receiving.done()
        go_on.set()
        await asyncio.wait({receiving})
        return waited and receiving.cancelled()

    assert asyncio.run(break_off())
    assert (tmp_path / "file").read_bytes() == b"piece"

"""One file that holds many: a plain tar whose first member says what follows, byte for byte.

`tar` unpacks it. The same files make the same bytes: no times, no owners, one order. What is read
here is a stranger's, so nothing of a tar is interpreted: the first member lists names, sizes and
digests, and every header after it must be the very one that this module would write. Links,
devices, absolute paths, repeated or unlisted members are thereby refused, whatever they are called.
"""

import hashlib
import os
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Literal

from pydantic import FailFast, Field, StringConstraints, model_validator

from shared.canonical import canonical_json, read_canonical
from shared.errors import ArchiveRefusedError
from shared.files import whole_file
from shared.models import LARGEST_COUNT, StrictModel
from shared.names import Digest, in_words

CONTENTS = "contents.json"
LARGEST_CONTENTS_BYTES = 256 << 20  # a hub of a million files has 200 bytes for each
BLOCK, CHUNK_BYTES = tarfile.BLOCKSIZE, 1 << 20
END = bytes(2 * BLOCK)
SIZE_FIELD = slice(124, 136)

Kind = Literal["genshare hub", "genshare package"]
TAKEN_IN_BY: dict[Kind, str] = {
    "genshare hub": "genshare hub import",
    "genshare package": "genshare import-package",
}
CHECK_PATH = "Check the path: it must be that of a file that you may read."
OnBytes = Callable[[int, int], None]
"""Takes how many bytes are done, and of how many."""

MEMBER_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*){0,3}$"
MemberName = Annotated[
    str,
    StringConstraints(pattern=MEMBER_NAME, max_length=99),
    in_words(MEMBER_NAME, "a relative path of letters, digits, dots, hyphens and underscores"),
]
"""A relative path without `..`, hidden files and anything that a shell or terminal minds."""


class Member(StrictModel):
    """A file of the archive."""

    name: MemberName
    size_bytes: int = Field(ge=0, le=LARGEST_COUNT)
    sha256: Digest


class Contents(StrictModel):
    """What an archive holds; its first member, in canonical JSON."""

    schema_version: Literal[1] = 1
    kind: Kind
    files: Annotated[tuple[Member, ...], FailFast()] = Field(min_length=1, max_length=2_000_000)

    @model_validator(mode="after")
    def _each_once(self) -> "Contents":
        names = [file.name for file in self.files]
        if names != sorted(set(names)) or CONTENTS in names:
            raise ValueError("the files must be listed by name, each once")
        return self


@dataclass(frozen=True, slots=True)
class Source:
    """A file to put into an archive.

    Attributes:
        lies: Gives where it lies, while it is read.
        place: The same for people.
    """

    member: Member
    lies: Callable[[], AbstractContextManager[Path]]
    place: str


def described(name: str, path: Path) -> Source:
    """Return a file as it is now, under a name."""
    sha256 = hashlib.sha256()
    with _opened(path) as file:
        for chunk in _chunks(file, LARGEST_COUNT):
            sha256.update(chunk)
    member = Member(name=name, size_bytes=path.stat().st_size, sha256=sha256.hexdigest())
    return Source(member, lambda: nullcontext(path), str(path))


def write_archive(
    out: Path, kind: Kind, sources: Sequence[Source], *, on_bytes: OnBytes = lambda *_: None
) -> Contents:
    """Write an archive that appears whole or not at all, readable for its owner only.

    Raises:
        ArchiveRefusedError: Something is at `out`, or a file is not as its source says.
    """
    if out.exists():
        raise ArchiveRefusedError(
            f"{out} is there already",
            hint="Choose another name, or move the file that is there away.",
        )
    ordered = sorted(sources, key=lambda source: source.member.name)
    contents = Contents(kind=kind, files=tuple(source.member for source in ordered))
    with whole_file(out.absolute()) as temporary, _private(temporary) as file:
        text = canonical_json(contents)
        file.write(_header(CONTENTS, len(text)) + text + _padding(len(text)))
        done, total = 0, sum(member.size_bytes for member in contents.files)
        for source in ordered:
            file.write(_header(source.member.name, source.member.size_bytes))
            with source.lies() as path, _opened(path) as read:
                _copy(read, file, source.member, source.place, exactly=True)
            file.write(_padding(source.member.size_bytes))
            done += source.member.size_bytes
            on_bytes(done, total)
        file.write(END)
    return contents


def unpack_archive(
    path: Path, folder: Path, kind: Kind, *, on_bytes: OnBytes = lambda *_: None
) -> Contents:
    """Write an archive's files into an empty folder, each compared with its digest.

    Where this fails, some files may be there already: the caller gives a folder that it takes away
    then.

    Raises:
        ArchiveRefusedError: It is no archive of this kind, is cut short, or a byte was changed.
    """
    with _opened(path) as file:
        contents = _read_contents(file, path, kind)
        _check_size(path, contents)
        done, total = 0, sum(member.size_bytes for member in contents.files)
        for member in contents.files:
            _unpack(file, member, folder, path)
            done += member.size_bytes
            on_bytes(done, total)
        _expect(file, END, path, "its end")
    return contents


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        sentence = f"{path} cannot be read: {error.strerror}"
        raise ArchiveRefusedError(sentence, hint=CHECK_PATH) from error


def _private(path: Path) -> IO[bytes]:
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _header(name: str, size: int) -> bytes:
    """Return a tar header; it depends on nothing else."""
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.GNU_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % BLOCK)


def _read_contents(file: IO[bytes], path: Path, kind: Kind) -> Contents:
    header = file.read(BLOCK)
    try:
        size = int(header[SIZE_FIELD].rstrip(b"\0 "), 8)
    except ValueError:
        size = -1
    if not 0 <= size <= LARGEST_CONTENTS_BYTES or header != _header(CONTENTS, size):
        raise ArchiveRefusedError(f"{path} is no archive of genshare")
    contents = read_canonical(
        Contents,
        file.read(size),
        lambda sentence: ArchiveRefusedError(f"{path}: {sentence}"),
        name=CONTENTS,
        otherwise="it",
    )
    if contents.kind != kind:
        raise ArchiveRefusedError(
            f"{path} holds a {contents.kind}, not a {kind}",
            hint=f"`{TAKEN_IN_BY[contents.kind]}` takes it in.",
        )
    _expect(file, _padding(size), path, f"the end of {CONTENTS}")
    return contents


def _check_size(path: Path, contents: Contents) -> None:
    """Check the size before anything is written: what is cut short is no surprise later."""
    sizes = [len(canonical_json(contents)), *(member.size_bytes for member in contents.files)]
    expected = sum(BLOCK + size + len(_padding(size)) for size in sizes) + len(END)
    found = path.stat().st_size
    if found != expected:
        raise ArchiveRefusedError(f"{path} has {found} bytes; what it lists takes {expected}")


def _unpack(file: IO[bytes], member: Member, folder: Path, path: Path) -> None:
    header = _header(member.name, member.size_bytes)
    _expect(file, header, path, f"the header of {member.name}")
    target = folder / member.name
    target.parent.mkdir(parents=True, exist_ok=True)
    with _private(target) as written:
        _copy(file, written, member, f"{member.name} in {path}")
    _expect(file, _padding(member.size_bytes), path, f"the end of {member.name}")


def _expect(file: IO[bytes], expected: bytes, path: Path, what: str) -> None:
    if file.read(len(expected)) != expected:
        raise ArchiveRefusedError(f"{path} was changed: {what} is not as genshare writes it")


def _copy(
    read: IO[bytes], written: IO[bytes], member: Member, called: str, *, exactly: bool = False
) -> None:
    """Copy as many bytes as a file has, and compare them with its digest.

    Args:
        exactly: Whether nothing may follow.
    """
    sha256 = hashlib.sha256()
    for chunk in _chunks(read, member.size_bytes):
        sha256.update(chunk)
        written.write(chunk)
    if sha256.hexdigest() != member.sha256 or (exactly and read.read(1)):
        raise ArchiveRefusedError(f"{called} was changed: it is not what its digest says")


def _chunks(read: IO[bytes], size: int) -> Iterator[bytes]:
    left = size
    while left and (chunk := read.read(min(left, CHUNK_BYTES))):
        left -= len(chunk)
        yield chunk

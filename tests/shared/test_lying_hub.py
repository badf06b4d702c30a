"""A hub that lies: what it sends too much is cut off as it comes, and nothing stays behind."""

import gzip
import json
import resource
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import repeat
from pathlib import Path

import pytest
from pydantic import BaseModel

from shared import hub_client, hub_exchange
from shared.errors import (
    BrokenPackageError,
    DigestMismatchError,
    HubRefusedError,
    HubUnreachableError,
    HubUnreadableError,
    PackageError,
    PackageNotKeptError,
)
from shared.packages import manifest_digest
from shared.progress import Progress
from shared.records import BlobDigests, CentreToken, GeneratorPage, GeneratorVersion
from shared.repeats import Patience
from tests.lying_hub import HASTY, MOST_UNDERWAY, ONCE, Answer, LyingHub, lying
from tests.packages import write_tiny_package

WEIGHTS = "weights.safetensors"
PROBLEM = {
    "title": "x",
    "status": 404,
    "detail": "x",
    "code": "GS-1001",
    "hint": "x",
    "request_id": "x",
}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[LyingHub]:
    with lying(write_tiny_package(tmp_path / "theirs")) as running:
        yield running


def left(folder: Path) -> list[str]:
    """What lies beside and in the folder of a fetch that failed, the card's file aside."""
    return [
        path.name
        for path in folder.parent.rglob("*")
        if path.is_file() and path.name != "card.json" and "theirs" not in path.parts
    ]


def test_an_honest_answer_is_fetched(hub: LyingHub, tmp_path: Path) -> None:
    assert hub.client.fetch(hub.record, tmp_path / "in").digest == hub.package.digest


@pytest.mark.parametrize("status", [200, 206])
def test_a_file_without_an_end_is_cut_off_at_its_declared_size(
    hub: LyingHub, tmp_path: Path, status: int
) -> None:
    hub.files[WEIGHTS] = lambda answer: answer.give_endlessly(status)

    with pytest.raises(DigestMismatchError, match=r"sends more of weights\.safetensors than the"):
        hub.client.fetch(hub.record, tmp_path / "in")

    assert hub.sent_bytes < MOST_UNDERWAY
    assert left(tmp_path / "in") == []


def test_what_is_written_never_exceeds_the_declared_size(
    hub: LyingHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(Path, "unlink", lambda path, **_: sizes.append(path.stat().st_size))
    hub.files[WEIGHTS] = lambda answer: answer.give_endlessly()

    with pytest.raises(DigestMismatchError):
        hub.client.fetch(hub.record, tmp_path / "in")

    assert sizes == [hub.package.card.weights[0].size_bytes]


def test_one_byte_too_many_is_one_too_many_also_for_the_rest_of_a_file(
    hub: LyingHub, tmp_path: Path
) -> None:
    content = (hub.package.folder / WEIGHTS).read_bytes()
    (tmp_path / ".in.part").mkdir()
    (tmp_path / ".in.part" / WEIGHTS).write_bytes(content[:100])
    hub.files[WEIGHTS] = lambda answer: answer.give(content[100:] + b"\0", 206)

    with pytest.raises(DigestMismatchError, match="sends more"):
        hub.client.fetch(hub.record, tmp_path / "in")

    assert left(tmp_path / "in") == []


@pytest.mark.parametrize(
    "answer",
    [
        lambda answer: answer.give(gzip.compress(bytes(10**7)), Content_Encoding="gzip"),
        lambda answer: answer.give(b"see there", 302, Location="/elsewhere"),
        lambda answer: answer.give(b"too short"),
    ],
    ids=["compressed", "redirected", "short"],
)
def test_what_is_not_the_file_is_refused(
    hub: LyingHub, tmp_path: Path, answer: Callable[[Answer], None]
) -> None:
    hub.files[WEIGHTS] = answer

    with pytest.raises((PackageError, HubUnreadableError)):
        hub.client.fetch(hub.record, tmp_path / "in")

    assert left(tmp_path / "in") == []


def test_a_size_that_no_such_generator_has_is_refused_before_anything_is_fetched(
    hub: LyingHub, tmp_path: Path
) -> None:
    huge = {"size_bytes": 10**15}
    (weights,) = hub.package.card.weights
    card = hub.record.card.model_copy(update={"weights": (weights.model_copy(update=huge),)})
    files = [
        file.model_copy(update=huge if file.name == WEIGHTS else {})
        for file in hub.package.manifest.files
    ]
    manifest = hub.package.manifest.model_copy(update={"files": tuple(files)})
    changes = {"card": card, "manifest": manifest, "manifest_digest": manifest_digest(manifest)}

    with pytest.raises(BrokenPackageError, match=r"1000000000000000 bytes, but has \d+ at most"):
        hub.client.fetch(hub.record.model_copy(update=changes), tmp_path / "in")

    assert hub.asked == []


def test_a_record_whose_card_is_not_the_packages_is_refused(hub: LyingHub, tmp_path: Path) -> None:
    card = hub.record.card.model_copy(update={"licence": "CC BY 4.0"})

    with pytest.raises(DigestMismatchError, match="not the version that was asked for"):
        hub.client.fetch(hub.record.model_copy(update={"card": card}), tmp_path / "in")

    assert not (tmp_path / "in").exists()


@pytest.mark.parametrize("status", [200, 404])
def test_an_answer_without_an_end_is_not_gathered_in_memory(
    hub: LyingHub, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    bound = hub_exchange.Bound(1 << 20, 100)
    bounds: dict[type[BaseModel], hub_exchange.Bound] = {
        **hub_exchange.BOUNDS,
        GeneratorVersion: bound,
    }
    monkeypatch.setattr(hub_exchange, "BOUNDS", bounds)
    hub.files["latest"] = lambda answer: answer.give_endlessly(status)

    with pytest.raises(HubUnreadableError, match=f"HTTP {status} without an end"):
        hub.client.version("centre-b", "lesions-dcgan", None)

    assert hub.sent_bytes < MOST_UNDERWAY


def test_pages_that_lead_in_a_circle_end(hub: LyingHub) -> None:
    page = GeneratorPage(items=(hub.record,), next_cursor=7).model_dump_json().encode()
    for path in ("generators", "generators?cursor=7"):
        hub.files[path] = lambda answer: answer.give(page)

    with pytest.raises(HubUnreadableError, match="the page after 7 leads on to 7"):
        list(hub.client.generators())


def test_what_is_in_the_folder_already_is_left_alone(hub: LyingHub, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").write_text("")
    (tmp_path / "empty").mkdir()

    for taken in ("thesis", "thesis/thesis.tex"):
        with pytest.raises(PackageNotKeptError, match="is there already, and is no package"):
            hub.client.fetch(hub.record, tmp_path / taken)

    assert hub.asked == []
    assert hub.client.fetch(hub.record, tmp_path / "empty").digest == hub.package.digest


def test_the_folder_can_be_the_one_that_one_is_in(
    hub: LyingHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    assert hub.client.fetch(hub.record, Path()).digest == hub.package.digest
    assert (tmp_path / "here" / WEIGHTS).is_file()


def chunks_of_one_byte(answer: Answer) -> None:
    answer.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    answer.repeat(b"1;" + b"x" * 60_000 + b"\r\n \r\n")


def endless_interim_answers(answer: Answer) -> None:
    answer.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)


def dripped(start: bytes, piece: bytes) -> Callable[[Answer], None]:
    def drip(answer: Answer) -> None:
        answer.wfile.write(start)
        answer.drip(repeat(piece, 100))

    return drip


def encoded(encoding: str, layers: int) -> Callable[[Answer], None]:
    body = bytes(5_000_000)
    for _ in range(layers):
        body = gzip.compress(body)
    return lambda answer: answer.give(body, Content_Encoding=encoding)


def refusal(**problem: object) -> Callable[[Answer], None]:
    body = json.dumps({**PROBLEM, **problem}).encode()
    return lambda answer: answer.give(body, 404)


LIES_ABOUT_A_VERSION: dict[str, tuple[Callable[[Answer], None], type[Exception], str]] = {
    "headers byte by byte": (
        dripped(b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        HubUnreachableError,
        r"no answer from the hub at .* the whole of it took longer than 0\.3 s",
    ),
    "body byte by byte": (
        dripped(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b" "),
        HubUnreachableError,
        "took longer than",
    ),
    "slow interim answers": (
        dripped(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        HubUnreachableError,
        "took longer than",
    ),
    "endless interim answers": (
        endless_interim_answers,
        HubUnreadableError,
        "more headers or pieces than any has",
    ),
    "chunks of one byte": (
        chunks_of_one_byte,
        HubUnreadableError,
        "more headers or pieces than any has",
    ),
    "gzip": (encoded("gzip", 1), HubUnreadableError, "asked for: identity, not gzip"),
    "gzip twice": (encoded("gzip, gzip", 2), HubUnreadableError, "identity, not gzip, gzip"),
    "an encoding with escapes": (
        encoded("\x1b[31m", 0),
        HubUnreadableError,
        r"identity, not \\x1b\[31m",
    ),
    "elsewhere": (
        lambda answer: answer.give(b"", 302, Location="http://127.0.0.1:9/elsewhere"),
        HubUnreadableError,
        "HTTP 302 without an answer: it leads elsewhere",
    ),
    "a long refusal": (
        refusal(detail="x" * 100_000),
        HubUnreadableError,
        "HTTP 404 without an end: more than 65536 bytes came",
    ),
    "a refusal of many values": (
        lambda answer: answer.give(b"[" + b"{}," * 5_000 + b"{}]", 404),
        HubUnreadableError,
        "HTTP 404 without a readable Problem: 10002 values, at most 100",
    ),
    "a number of many digits": (
        lambda answer: answer.give(b'{"version":' + b"9" * 100_000 + b"}"),
        HubUnreadableError,
        "HTTP 200 without a readable GeneratorVersion",
    ),
    "brackets in brackets": (
        lambda answer: answer.give(b"[" * 15_000),
        HubUnreadableError,
        "HTTP 200 without a readable GeneratorVersion",
    ),
}


@pytest.mark.parametrize("lie", LIES_ABOUT_A_VERSION)
def test_what_is_no_answer_is_told_soon(hub: LyingHub, lie: str) -> None:
    answer, error, sentence = LIES_ABOUT_A_VERSION[lie]
    hub.files["2"] = answer
    limits = HASTY if error is HubUnreachableError else replace(HASTY, call_seconds=60)

    with pytest.raises(error, match=sentence):
        hub.patient(limits).version("centre-b", "lesions-dcgan", 2)

    assert hub.sent_bytes < MOST_UNDERWAY
    assert hub.asked == ["2"]


@pytest.mark.parametrize(
    ("update", "sentence"),
    [
        ({"version": 1}, "record is of version 1, not of the 2 that was asked for"),
        ({"version": 2, "name": "others"}, "is of centre-b/others, not of centre-b/lesions-dcgan"),
        ({"version": 2, "centre": "centre-c"}, "is of centre-c/lesions-dcgan, not of"),
        ({"version": 2, "manifest_digest": "0" * 64}, "but the hub says 0000"),
    ],
)
def test_another_record_than_was_asked_for_is_refused(
    hub: LyingHub, update: dict[str, object], sentence: str
) -> None:
    body = hub.changed(**update).model_dump_json().encode()
    hub.files["2"] = lambda answer: answer.give(body)

    with pytest.raises(DigestMismatchError, match=sentence):
        hub.client.version("centre-b", "lesions-dcgan", 2)


def test_the_latest_version_has_a_number(hub: LyingHub) -> None:
    body = hub.changed(version=0).model_dump_json().encode()
    hub.files["latest"] = lambda answer: answer.give(body)

    with pytest.raises(HubUnreadableError, match="without a readable GeneratorVersion"):
        hub.client.version("centre-b", "lesions-dcgan", None)


def test_a_refusal_cannot_steer_a_terminal(hub: LyingHub) -> None:
    hub.files["1"] = refusal(
        detail="gone\x1b]0;owned\x07\r\nerror: all is well\u202e\u2028", hint="\x9b2J", code="\x1b"
    )

    with pytest.raises(HubRefusedError) as caught:
        hub.client.version("centre-b", "lesions-dcgan", 1)

    told = f"{caught.value} {caught.value.hint}"
    assert told.isprintable()
    assert r"gone\x1b]0;owned\x07\r\nerror: all is well\u202e\u2028" in told


def test_without_a_token_it_is_told_where_one_is_given(hub: LyingHub) -> None:
    body = json.dumps({**PROBLEM, "status": 401, "hint": "Send a token."}).encode()
    hub.files["1"] = lambda answer: answer.give(body, 401)

    with pytest.raises(HubRefusedError) as caught:
        hub.client.version("centre-b", "lesions-dcgan", 1)

    assert caught.value.hint.startswith("Give a token with --token, or in the environment as GENS")


def test_no_cookie_is_kept(hub: LyingHub) -> None:
    body = hub.record.model_dump_json().encode()
    hub.files["1"] = lambda answer: answer.give(body, Set_Cookie="a=b")
    client = hub.client

    for _ in range(2):
        client.version("centre-b", "lesions-dcgan", 1)

    assert [headers.get("Cookie") for _, _, headers in hub.requests] == [None, None]
    assert {headers["Accept-Encoding"] for _, _, headers in hub.requests} == {"identity"}


def _pages(hub: LyingHub, *pages: tuple[list[GeneratorVersion], int | None]) -> None:
    """Serve pages, each where the one before it leads."""
    path = "generators"
    for items, cursor in pages:
        body = GeneratorPage(items=tuple(items), next_cursor=cursor).model_dump_json().encode()
        hub.files[path] = lambda answer, body=body: answer.give(body)  # type: ignore[misc]
        path = f"generators?cursor={cursor}"


def test_a_list_holds_each_version_once(hub: LyingHub) -> None:
    _pages(hub, ([hub.record], 9), ([hub.record], None))

    with pytest.raises(HubUnreadableError, match="lists version 1 of centre-b/lesions-dcgan twice"):
        list(hub.client.generators())


def test_a_list_of_one_centre_holds_no_others(hub: LyingHub) -> None:
    body = GeneratorPage(items=(hub.record,), next_cursor=None).model_dump_json().encode()
    hub.files["generators?centre=centre-a"] = lambda answer: answer.give(body)

    with pytest.raises(HubUnreadableError, match="centre-b/lesions-dcgan in a list of centre-a's"):
        list(hub.client.generators("centre-a"))


def test_an_empty_page_leads_nowhere(hub: LyingHub) -> None:
    _pages(hub, ([], 9))

    with pytest.raises(HubUnreadableError, match="an empty page leads on to 9"):
        list(hub.client.generators())


def test_pages_without_an_end_are_given_up(hub: LyingHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_client, "MOST_PAGES", 4)
    _pages(hub, *(([hub.changed(version=number)], 100 - number) for number in range(1, 9)))

    with pytest.raises(HubUnreadableError, match="has more than 4 pages"):
        list(hub.client.generators())

    assert len(hub.asked) == 4


def test_slow_pages_have_a_deadline_together(hub: LyingHub) -> None:
    pages = [([hub.changed(version=number)], 1000 - number) for number in range(1, 100)]
    _pages(hub, *pages)
    hub.before = lambda: hub.is_over.wait(0.05)

    with pytest.raises(HubUnreachableError, match="took longer than 0"):
        list(hub.patient(HASTY).generators())

    assert len(hub.asked) < 10


@pytest.mark.parametrize(
    "body",
    [
        b'{"items":[' + b"{}," * 20_000_000 + b'{}],"next_cursor":null}',
        b'{"items":[' + b"{}," * 300_000 + b'{}],"next_cursor":null}',
        b'{"items":' + b"[" * 400_000,
    ],
    ids=["60 MB", "1 MB", "nested"],
)
def test_a_list_of_nothing_takes_no_memory(hub: LyingHub, body: bytes) -> None:
    hub.files["generators"] = lambda answer: answer.give(body)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(HubUnreadableError, match="without a readable GeneratorPage"):
        list(hub.client.generators())

    # What came is held once as pieces and once whole.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 250_000


@pytest.mark.parametrize(
    "update",
    [
        {"manifest_digest": "0" * 64},
        {"centre": "centre-c"},
        {"name": "others"},
        {"licence": "CC BY 4.0"},
    ],
    ids=lambda update: next(iter(update)),
)
def test_publishing_is_believed_of_the_very_package_alone(
    hub: LyingHub, update: dict[str, object]
) -> None:
    if "licence" in update:
        update = {"card": hub.package.card.model_copy(update=update)}
    body = hub.changed(**update).model_dump_json().encode()
    nothing = BlobDigests(digests=()).model_dump_json().encode()
    hub.files["missing"] = lambda answer: answer.give(nothing)
    hub.files["versions"] = lambda answer: answer.give(body, 201)

    with pytest.raises(DigestMismatchError, match=r"but the hub says 0000|says that it published"):
        hub.client.publish(hub.package)


def test_another_package_with_its_own_digest_is_not_what_was_published(
    hub: LyingHub, tmp_path: Path
) -> None:
    other = write_tiny_package(tmp_path / "other", licence="CC BY 4.0")
    update = {"manifest": other.manifest, "manifest_digest": other.digest, "card": other.card}
    body = hub.changed(**update).model_dump_json().encode()
    nothing = BlobDigests(digests=()).model_dump_json().encode()
    hub.files["missing"] = lambda answer: answer.give(nothing)
    hub.files["versions"] = lambda answer: answer.give(body, 201)

    with pytest.raises(DigestMismatchError, match=f"digest {other.digest}, not centre-b/lesions"):
        hub.client.publish(hub.package)


def test_only_the_packages_own_files_are_sent_and_each_once(hub: LyingHub) -> None:
    digests = [file.sha256 for file in hub.package.manifest.files]
    asked = BlobDigests(digests=("0" * 64, *digests, *digests)).model_dump_json().encode()
    hub.files["missing"] = lambda answer: answer.give(asked)
    hub.files |= dict.fromkeys(digests, lambda answer: answer.give(b"", 201))
    body = hub.record.model_dump_json().encode()
    hub.files["versions"] = lambda answer: answer.give(body, 201)
    told: list[Progress] = []

    hub.client.publish(hub.package, on_progress=told.append)

    assert hub.asked == ["missing", *digests, "versions"]
    assert (told[-1].done, told[-1].total, told[-1].unit) == (1, 1, "MB")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda answer: answer.give(b"", 307, Location="/elsewhere"), "HTTP 307 without an answer"),
        (lambda answer: answer.give(b"x" * 100_000, 201), "HTTP 201 without an end"),
    ],
)
def test_a_false_receipt_of_a_file_is_refused(
    hub: LyingHub, answer: Callable[[Answer], None], sentence: str
) -> None:
    (digest, *_) = [file.sha256 for file in hub.package.manifest.files]
    asked = BlobDigests(digests=(digest,)).model_dump_json().encode()
    hub.files |= {"missing": lambda answer: answer.give(asked), digest: answer}

    with pytest.raises(HubUnreadableError, match=sentence):
        hub.client.publish(hub.package)

    assert hub.asked == ["missing", digest]


def test_an_upload_that_is_never_acknowledged_is_given_up(hub: LyingHub) -> None:
    (digest, *_) = [file.sha256 for file in hub.package.manifest.files]
    asked = BlobDigests(digests=(digest,)).model_dump_json().encode()
    hub.files["missing"] = lambda answer: answer.give(asked)
    hub.files[digest] = lambda answer: answer.drip(repeat(b"HTTP/1.1 100 Continue\r\n\r\n", 100))

    with pytest.raises(
        HubUnreachableError, match=r"file 1 of 1, broke off; .* bytes moved in 0\.3"
    ):
        hub.patient(replace(HASTY, call_seconds=60)).publish(hub.package)


def test_an_invitation_is_for_the_centre_that_was_named_and_is_not_made_twice(
    hub: LyingHub,
) -> None:
    other = CentreToken(name="centre-c", token="t").model_dump_json().encode()
    hub.files["centres"] = lambda answer: answer.give(other, 201)
    with pytest.raises(DigestMismatchError, match="a token of centre-c, not of centre-b"):
        hub.client.invite("centre-b")

    hub.files["centres"] = lambda answer: answer.give(json.dumps(PROBLEM).encode(), 503)
    with pytest.raises(HubRefusedError):
        hub.patient(replace(ONCE, patience=Patience((0.0, 0.0)))).invite("centre-b")

    assert hub.asked == ["centres", "centres"]


@pytest.mark.slow
def test_a_file_that_drips_is_given_up_and_one_that_moves_is_not(
    hub: LyingHub, tmp_path: Path
) -> None:
    content = (hub.package.folder / WEIGHTS).read_bytes()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    step = len(content) // 25  # in all 0.5 s, longer than the 0.3 s in which 100 bytes must move
    moving = [head, *(content[at : at + step] for at in range(0, len(content), step))]
    hub.files[WEIGHTS] = lambda answer: answer.drip(moving)
    since = time.monotonic()
    limits = replace(HASTY, moving_bytes=100)
    assert hub.patient(limits).fetch(hub.record, tmp_path / "moves").digest == hub.package.digest
    assert time.monotonic() - since > HASTY.moving_seconds

    hub.files[WEIGHTS] = lambda answer: answer.drip([head, *repeat(b"\0", 100)])
    with pytest.raises(HubUnreachableError, match=r"fewer than 100 bytes moved in 0\.3 s"):
        hub.patient(limits).fetch(hub.record, tmp_path / "drips")


def test_a_file_is_fetched_in_as_many_parts_as_the_connection_breaks_it_into(
    hub: LyingHub, tmp_path: Path
) -> None:
    content = (hub.package.folder / WEIGHTS).read_bytes()
    ranges: list[tuple[str | None, str | None]] = []

    def breaks_off(answer: Answer) -> None:
        asked = answer.headers["Range"]
        ranges.append((asked, answer.headers["If-Range"]))
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        answer.send_response(206 if asked else 200)
        answer.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        answer.send_header("Content-Length", str(len(content) - start))
        answer.end_headers()
        answer.wfile.write(content[start : start + len(content) // 4 + 1])

    hub.files[WEIGHTS] = breaks_off
    limits = replace(ONCE, patience=Patience((0.0,)))
    told: list[Progress] = []

    package = hub.patient(limits).fetch(hub.record, tmp_path / "in", on_progress=told.append)

    step = len(content) // 4 + 1
    etag = f'"{package.card.weights[0].sha256}"'
    assert ranges == [(None, None), *((f"bytes={step * part}-", etag) for part in (1, 2, 3))]
    assert told[-1].done == told[-1].total


def test_what_was_left_of_another_file_is_refused_once_and_then_fetched_anew(
    hub: LyingHub, tmp_path: Path
) -> None:
    content = (hub.package.folder / WEIGHTS).read_bytes()
    (tmp_path / ".in.part").mkdir()
    (tmp_path / ".in.part" / WEIGHTS).write_bytes(b"\xff" * 100)

    def honest(answer: Answer) -> None:
        if answer.headers["Range"]:
            answer.give(content[100:], 206)
        else:
            answer.give(content)

    hub.files[WEIGHTS] = honest

    with pytest.raises(DigestMismatchError, match="is declared"):
        hub.client.fetch(hub.record, tmp_path / "in")
    assert hub.client.fetch(hub.record, tmp_path / "in").digest == hub.package.digest


@pytest.mark.parametrize("given", ["bytes 0-9/10", "bytes 101-200/300", "lines 100-200/300", "x"])
def test_another_part_than_was_asked_for_is_refused(
    hub: LyingHub, tmp_path: Path, given: str
) -> None:
    (tmp_path / ".in.part").mkdir()
    (tmp_path / ".in.part" / WEIGHTS).write_bytes(b"\xff" * 100)
    hub.files[WEIGHTS] = lambda answer: answer.give(b"x", 206, Content_Range=given)

    with pytest.raises(DigestMismatchError, match=f"sends {given} of weights.*from byte 100"):
        hub.client.fetch(hub.record, tmp_path / "in")


def test_what_passes_is_waited_for_and_what_does_not_is_told_at_once(hub: LyingHub) -> None:
    body = hub.record.model_dump_json().encode()
    answers: list[Callable[[Answer], None]] = [
        lambda answer: answer.give(b"<html>", 502),
        lambda answer: answer.give(b"", 429, Retry_After="3600"),
        lambda _answer: None,  # the connection ends
        lambda answer: answer.give(body),
    ]
    hub.files["1"] = lambda answer: answers[len(hub.asked) - 1](answer)
    pauses: list[float] = []
    patience = Patience((1.0, 2.0, 4.0), longest_asked=15.0, sleep=pauses.append, chance=lambda: 0)

    client = hub.patient(replace(ONCE, patience=patience))
    assert client.version("centre-b", "lesions-dcgan", 1) == hub.record

    assert pauses == [0.5, 15.0, 2.0]
    hub.files["2"] = refusal()
    with pytest.raises(HubRefusedError):
        client.version("centre-b", "lesions-dcgan", 2)
    assert len(pauses) == 3


def test_what_grows_when_it_is_unpacked_is_not_unpacked(hub: LyingHub) -> None:
    body = gzip.compress(gzip.compress(bytes(100_000_000)))
    assert len(body) < 5_000
    hub.files["latest"] = lambda answer: answer.give(body, Content_Encoding="gzip, gzip")
    tracemalloc.start()
    try:
        with pytest.raises(HubUnreadableError, match="identity, not gzip, gzip"):
            hub.client.version("centre-b", "lesions-dcgan", None)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()

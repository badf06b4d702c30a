"""RFC 9110, section 13: which conditions hold, and which of them counts."""

from email.utils import formatdate

import pytest
from starlette.datastructures import Headers

from shared.errors import PreconditionFailedError
from shared.preconditions import is_known

ETAG = '"a,b"'
WRITTEN = 1_000_000_000.5
THEN, BEFORE, LATER = (formatdate(WRITTEN + days * 86_400, usegmt=True) for days in (0, -1, 1))


def answered(method: str, headers: dict[str, str], etag: str | None = ETAG) -> int:
    try:
        known = is_known(method, Headers(headers), etag, modified=WRITTEN if etag else None)
    except PreconditionFailedError as error:
        return error.status
    return 304 if known else 200


@pytest.mark.parametrize(
    ("tags", "read", "changed"),
    [
        ("*", 200, 200),
        ('"a,b"', 200, 200),
        ('"other", "a,b"', 200, 200),
        ('W/"a,b"', 412, 412),
        ('"a", "b"', 412, 412),
        ("a,b", 412, 412),
        ("", 412, 412),
    ],
)
def test_if_match_compares_strongly(tags: str, read: int, changed: int) -> None:
    assert (answered("GET", {"If-Match": tags}), answered("PUT", {"If-Match": tags})) == (
        read,
        changed,
    )


@pytest.mark.parametrize(
    ("tags", "read", "changed"),
    [
        ("*", 304, 412),
        ('W/"a,b"', 304, 412),
        ('"other" , "a,b"', 304, 412),
        ('"a", "b"', 200, 200),
        ("", 200, 200),
    ],
)
def test_if_none_match_compares_weakly(tags: str, read: int, changed: int) -> None:
    sent = {"If-None-Match": tags}

    assert (answered("HEAD", sent), answered("PUT", sent)) == (read, changed)


def test_nothing_matches_no_tag_and_no_star() -> None:
    assert answered("PUT", {"If-Match": "*"}, None) == 412
    assert answered("PUT", {"If-Match": ETAG}, None) == 412
    assert answered("PUT", {"If-None-Match": "*"}, None) == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-Unmodified-Since": BEFORE}, 412),
        ({"If-Unmodified-Since": THEN}, 200),
        ({"If-Unmodified-Since": "yesterday"}, 200),
        ({"If-Modified-Since": LATER}, 304),
        ({"If-Modified-Since": THEN}, 304),
        ({"If-Modified-Since": BEFORE}, 200),
        ({"If-Modified-Since": "Mon, 99 Foo 0000 00:00:00 GMT"}, 200),
    ],
)
def test_dates_count_to_the_second_and_only_if_they_are_dates(
    headers: dict[str, str], status: int
) -> None:
    assert answered("GET", headers) == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-Match": '"x"', "If-None-Match": ETAG}, 412),
        ({"If-Match": ETAG, "If-None-Match": ETAG}, 304),
        ({"If-Match": ETAG, "If-Unmodified-Since": BEFORE}, 200),
        ({"If-Unmodified-Since": BEFORE, "If-None-Match": ETAG}, 412),
        ({"If-None-Match": '"x"', "If-Modified-Since": LATER}, 200),
    ],
)
def test_tags_go_before_dates_and_if_match_before_if_none_match(
    headers: dict[str, str], status: int
) -> None:
    assert answered("GET", headers) == status

"""Lines of a log, for people and for programs, in which no token stands."""

import json
import logging
import re

import pytest

from shared.log_format import LogFormat, TextLines, formatter

TOKEN = "gsc_Nq5W0aZ-secret_words"
REQUEST = {"request_id": "1f", "method": "GET", "path": "'/a'", "status": 200}


def _record(message: str, **extra: object) -> logging.LogRecord:
    record = logging.LogRecord("shared", logging.INFO, __file__, 1, message, None, None)
    record.created = 1_767_268_800.5
    record.__dict__.update(extra)
    return record


def test_a_line_of_json_has_what_a_request_was_in_its_own_fields() -> None:
    line = formatter("json").format(_record("1f GET '/a' 200", request=REQUEST))

    assert json.loads(line) == {
        "at": "2026-01-01T12:00:00.500000+00:00",
        "level": "INFO",
        "logger": "shared",
        "message": "1f GET '/a' 200",
        **REQUEST,
    }
    assert "\n" not in line


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize(
    "message", [f"'/files/{TOKEN}/x' 404", f"header Bearer {TOKEN}", "Authorization: Bearer s3cret"]
)
def test_no_line_holds_what_looks_like_a_token(log_format: LogFormat, message: str) -> None:
    line = formatter(log_format).format(_record(message))

    assert "secret" not in line
    assert "s3cret" not in line
    assert "(hidden)" in line


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_traceback_is_written_without_its_tokens(log_format: LogFormat) -> None:
    error = ValueError(f"wrong {TOKEN}")
    record = _record("unexpected", exc_info=(type(error), error, None))

    line = formatter(log_format).format(record)

    assert "ValueError: wrong (hidden)" in line
    assert (line.count("\n") == 0) is (log_format == "json")


def test_a_line_begins_with_its_time_and_zone() -> None:
    line = TextLines("worker").format(_record("told"))

    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d{4} \w+ worker told", line)

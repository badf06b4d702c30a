"""How a service's log is written: lines of text, or a JSON object a line, and never a token."""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Literal

LogFormat = Literal["text", "json"]

TOKENS = re.compile(r"\bgs[a-z]_[A-Za-z0-9_-]{8,}|(?<=Bearer )\S+", re.IGNORECASE)
"""What looks like a token or a login link of genshare, or is sent as a token."""

HIDDEN = "(hidden)"


def without_tokens(text: str) -> str:
    """Return text in which whatever looks like a token is hidden, wherever it came from."""
    return TOKENS.sub(HIDDEN, text)


class TextLines(logging.Formatter):
    """Lines for people; each begins with its time and the time's zone.

    Args:
        who: Of several processes with one log, which this is.
    """

    def __init__(self, who: str = "") -> None:
        whose = f"{who} " if who else ""
        super().__init__(f"%(asctime)s %(levelname)s {whose}%(message)s", "%Y-%m-%d %H:%M:%S%z")

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as a line, with its traceback if it has one."""
        return without_tokens(super().format(record))


class JsonLines(logging.Formatter):
    """A JSON object a line, for programs; what a request was is in fields of their own."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line."""
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "request", {}),
        }
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return without_tokens(json.dumps(told))


def formatter(log_format: LogFormat) -> logging.Formatter:
    """Return what writes a log's lines."""
    return JsonLines() if log_format == "json" else TextLines()

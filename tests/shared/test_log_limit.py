import logging

from shared.log_limit import WINDOW_SECONDS, LogLimit


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def test_a_flood_writes_so_many_lines_and_says_how_many_it_left_out() -> None:
    now = 0.0
    written = Lines()
    limit = LogLimit(100, clock=lambda: now)
    written.addFilter(limit)
    log = logging.getLogger("shared")
    log.addHandler(written)
    log.setLevel(logging.INFO)
    try:
        for number in range(10_000):
            log.info("request %d", number)
        log.warning("what must be seen")
        now = WINDOW_SECONDS
        limit.tell()
        log.info("the next minute")
    finally:
        log.removeHandler(written)
        log.setLevel(logging.NOTSET)

    assert written.lines[:100] == [f"request {number}" for number in range(100)]
    assert written.lines[100:] == [
        "what must be seen",
        "9900 lines of the last minute were left out of this log",
        "the next minute",
    ]


def test_tracebacks_count_as_what_they_are_long() -> None:
    limit = LogLimit(100, clock=lambda: 0.0)
    error = (ValueError, ValueError("x"), None)
    record = logging.LogRecord("hub", logging.ERROR, "", 0, "failed", None, error)

    assert [limit.filter(record) for _ in range(5)] == [True, True, False, False, False]

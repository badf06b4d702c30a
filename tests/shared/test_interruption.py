import os
import signal

import pytest

from shared.interruption import interruptible


@pytest.mark.parametrize(
    ("number", "end", "code"),
    [(signal.SIGTERM, SystemExit, (143,)), (signal.SIGINT, KeyboardInterrupt, ())],
)
def test_work_ends_in_order_and_tells_by_what(
    number: int, end: type[BaseException], code: tuple[int, ...]
) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background work has none
    ended = []

    def work() -> None:
        try:
            os.kill(os.getpid(), number)
        except KeyboardInterrupt:
            ended.append("in order")
            raise

    with pytest.raises(end) as caught, interruptible():
        work()

    assert ended == ["in order"]
    assert caught.value.args == code

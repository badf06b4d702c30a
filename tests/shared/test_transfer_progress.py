from shared.budgets import Budget
from shared.progress import Progress
from shared.transfer_progress import Transfer


def test_a_transfer_is_told_now_and_then_and_at_its_end() -> None:
    now, told = [0.0], list[Progress]()
    budget = Budget(60, clock=lambda: now[0])
    transfer = Transfer(10_000_001, budget, told.append, clock=lambda: now[0])

    transfer.there_already(2_000_000)
    for _ in range(4):
        now[0] += 0.25
        transfer.moved("card.json", 1_000_000)
    transfer.moved("weights.safetensors", 4_000_001)

    assert [(line.done, line.message) for line in told] == [
        (4, "card.json"),
        (6, "card.json"),
        (11, "weights.safetensors"),
    ]
    assert {(line.total, line.unit) for line in told} == {(11, "MB")}
    assert told[1].rate == 4.0  # megabytes a second, of those that moved
    assert told[1].seconds_left == 4_000_001 / 4_000_000


def test_what_has_to_move_again_counts_no_longer() -> None:
    told = list[Progress]()
    transfer = Transfer(3_000_000, Budget(60), told.append)

    transfer.moved("weights.safetensors", 2_000_000)
    transfer.go_back_to(0)
    transfer.moved("weights.safetensors", 3_000_000)

    assert [line.done for line in told] == [3]

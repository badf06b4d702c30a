from shared.rates import Guesses, Rates


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_each_caller_has_its_own_number_a_minute() -> None:
    clock = Clock()
    rates = Rates(2, clock=clock)

    assert [rates.take("a"), rates.take("a"), rates.take("a")] == [0, 0, 30]
    assert rates.take("b") == 0
    clock.now = 15
    assert rates.take("a") == 15
    clock.now = 30
    assert [rates.take("a"), rates.take("a")] == [0, 30]
    clock.now = 10_000
    assert [rates.take("a") for _ in range(3)] == [0, 0, 30]


def test_who_has_not_called_for_longest_is_forgotten() -> None:
    rates = Rates(1, clock=Clock(), most_callers=2)

    assert [rates.take(caller) for caller in "abc"] == [0, 0, 0]
    assert rates.take("c") > 0
    assert rates.take("a") == 0
    assert len(rates._left) == 2


def test_guesses_are_counted_of_an_address_and_in_all() -> None:
    guesses = Guesses(2, 5, clock=Clock())

    assert [guesses.take("10.0.0.1") > 0 for _ in range(3)] == [False, False, True]
    assert [guesses.take(f"10.0.0.{n}") > 0 for n in (2, 3, 4, 5)] == [False, False, False, True]
    guesses.was_right("10.0.0.4")
    assert guesses.take("10.0.0.5") == 0


def test_the_addresses_of_one_subscriber_are_one() -> None:
    guesses = Guesses(1, 9, clock=Clock())

    assert guesses.take("2001:db8:0:1::5") == 0
    assert guesses.take("2001:db8:0:1:ffff::6") > 0
    assert guesses.take("2001:db8:0:2::5") == 0

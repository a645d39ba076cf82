import pytest

from voicecalld.net.noise import Noise


def test_much_of_the_same_is_told_of_once_in_ten_seconds_with_its_number() -> None:
    clock = iter([0.0, 0.1, 9.9, 10.0, 15.0])
    noise = Noise(lambda: next(clock))

    told = [noise.count("head too long") for _ in range(5)]

    assert told == [1, 0, 0, 3, 0]
    assert noise.counts == {"head too long": 5}


@pytest.mark.parametrize("now_s", [-5.0, 0.0, 1e9])
def test_what_is_new_is_told_of_at_once(now_s: float) -> None:
    noise = Noise(lambda: now_s)

    assert [noise.count("one"), noise.count("two"), noise.count("one")] == [1, 1, 0]

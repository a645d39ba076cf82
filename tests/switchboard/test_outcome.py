import pytest
import trio
from trio.testing import MockClock

from voicecalld.errors import NoReplyError, VoicecallError
from voicecalld.switchboard.outcome import Outcome


async def test_all_who_wait_get_the_value(autojump_clock: MockClock) -> None:
    outcome = Outcome[str]()
    got: list[str] = []

    async def wait() -> None:
        got.append(await outcome.wait())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        nursery.start_soon(wait)
        await trio.sleep(1)
        assert got == []
        outcome.succeed("value")

    assert got == ["value", "value"]


async def test_an_error_is_raised_in_whoever_waits() -> None:
    outcome = Outcome[str]()
    error = NoReplyError("nobody answered")

    outcome.fail(error)

    for _ in range(2):
        with pytest.raises(NoReplyError) as caught:
            await outcome.wait()
        assert caught.value is error


async def test_an_error_that_comes_too_late_means_nothing() -> None:
    outcome = Outcome[int]()

    outcome.succeed(1)
    outcome.fail(VoicecallError("late"))
    outcome.succeed(2)

    assert await outcome.wait() == 1


async def test_a_value_that_comes_too_late_means_nothing() -> None:
    outcome = Outcome[int]()

    outcome.fail(VoicecallError("first"))
    outcome.succeed(1)

    with pytest.raises(VoicecallError, match="first"):
        await outcome.wait()


async def test_nothing_can_be_a_value() -> None:
    outcome = Outcome[None]()

    outcome.succeed(None)

    await outcome.wait()
    assert outcome.known.is_set()

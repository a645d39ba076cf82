import pytest
import trio
from trio.testing import MockClock, assert_checkpoints, wait_all_tasks_blocked

from voicecalld.errors import StreamBrokenError
from voicecalld.net.message_stream import (
    MAX_UNREAD_MESSAGES,
    MemoryStream,
    open_memory_streams,
)


async def test_messages_are_received_at_the_other_end_in_order() -> None:
    ours, theirs = open_memory_streams()

    ours.send("one")
    ours.send("two")
    theirs.send("back")

    assert await theirs.receive() == ("one", "two")
    assert await ours.receive() == ("back",)


async def test_a_receiver_waits_until_a_message_comes(autojump_clock: MockClock) -> None:
    ours, theirs = open_memory_streams()
    received: list[tuple[float, tuple[str, ...]]] = []
    began_s = trio.current_time()

    async def receive() -> None:
        messages = tuple(await theirs.receive())
        received.append((trio.current_time() - began_s, messages))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(receive)
        await trio.sleep(5)
        ours.send("late")

    assert received == [(5.0, ("late",))]


async def test_what_was_sent_before_the_close_is_received_and_then_nothing_more() -> None:
    ours, theirs = open_memory_streams()
    ours.send("last")

    ours.close()

    assert await theirs.receive() == ("last",)
    assert await theirs.receive() == ()
    assert await theirs.receive() == ()


@pytest.mark.parametrize("closing", [0, 1], ids=["their peer", "their own side"])
async def test_closing_either_end_wakes_whoever_waits(closing: int) -> None:
    streams = open_memory_streams()
    received: list[tuple[str, ...]] = []

    async def receive(stream: MemoryStream) -> None:
        received.append(tuple(await stream.receive()))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(receive, streams[1])
        await wait_all_tasks_blocked()
        streams[closing].close()
        streams[closing].close()

    assert received == [()]


@pytest.mark.parametrize("closing", [0, 1], ids=["our side", "the peer"])
def test_nothing_can_be_sent_after_either_end_was_closed(closing: int) -> None:
    streams = open_memory_streams()

    streams[closing].close()

    with pytest.raises(StreamBrokenError, match="closed"):
        streams[0].send("too late")


async def test_a_peer_that_does_not_read_breaks_the_stream_and_not_the_memory() -> None:
    ours, theirs = open_memory_streams()
    for _ in range(MAX_UNREAD_MESSAGES):
        ours.send("")

    with pytest.raises(StreamBrokenError, match="does not read"):
        ours.send("one too many")

    assert len(await theirs.receive()) == MAX_UNREAD_MESSAGES
    ours.send("there is room again")


async def test_a_receiver_that_is_cancelled_loses_nothing() -> None:
    ours, theirs = open_memory_streams()
    ours.send("kept")

    with trio.CancelScope() as scope:
        scope.cancel()
        await theirs.receive()

    assert scope.cancelled_caught
    assert await theirs.receive() == ("kept",)


async def test_receiving_what_is_there_lets_others_run() -> None:
    ours, theirs = open_memory_streams()
    ours.send("one")
    with assert_checkpoints():
        await theirs.receive()

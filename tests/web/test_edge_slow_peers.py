import socket

import pytest
import trio
from trio.testing import MockClock

from tests.web.doorway import open_doorway
from tests.web.hostile import (
    PATIENCE_S,
    START,
    UPGRADE,
    abort,
    ask,
    connect,
    deaf,
    drip,
    eventually,
    post,
    read_to_the_end,
    status_of,
)
from voicecalld.web.limits import EdgeLimits

QUICK_S = 0.1
"""Where a deadline is the subject; it passes when nothing comes by a socket."""


@pytest.mark.parametrize("raw", [b"", b"P", START])
async def test_a_head_that_does_not_come_is_not_waited_for(
    raw: bytes, jumping_clock: MockClock
) -> None:
    async with open_doorway(EdgeLimits(head_s=QUICK_S)) as doorway:
        assert status_of(await ask(doorway.address, raw)) == 408


async def test_a_head_that_comes_byte_by_byte_is_not_waited_for_either(
    jumping_clock: MockClock,
) -> None:
    async with (
        open_doorway(EdgeLimits(head_s=QUICK_S)) as doorway,
        await connect(doorway.address) as stream,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(drip, stream, post(more=b"A: b\r\n" * 90), 0.02)

        assert status_of(await read_to_the_end(stream)) == 408

        nursery.cancel_scope.cancel()

    assert doorway.app.begun == []


async def test_a_head_in_pieces_is_read_when_it_is_in_time() -> None:
    async with open_doorway() as doorway, await connect(doorway.address) as stream:
        await drip(stream, post(), 0)

        assert status_of(await read_to_the_end(stream)) == 200


class Steps(trio.abc.Instrument):
    """Counts how often any task is given a turn."""

    def __init__(self) -> None:
        self.count = 0

    def before_task_step(self, _task: trio.lowlevel.Task) -> None:
        self.count += 1


async def test_half_a_head_costs_nothing_while_it_is_waited_for(
    jumping_clock: MockClock,
) -> None:
    steps = Steps()
    async with (
        open_doorway(EdgeLimits(head_s=QUICK_S)) as doorway,
        await connect(doorway.address) as stream,
    ):
        await stream.send_all(START)
        await eventually(lambda: bool(doorway.edge.visitors.silent))
        trio.lowlevel.add_instrument(steps)
        await read_to_the_end(stream)
        trio.lowlevel.remove_instrument(steps)

    assert steps.count < 50  # a loop that asks the kernel all the time takes thousands


@pytest.mark.parametrize("raw", [START + b"Content-Length: 9\r\n\r\n", post()[:-1]])
async def test_a_body_that_does_not_come_is_not_waited_for(
    raw: bytes, jumping_clock: MockClock
) -> None:
    async with open_doorway(EdgeLimits(body_s=QUICK_S)) as doorway:
        answer = await ask(doorway.address, raw)
        await eventually(lambda: doorway.is_empty)

    assert status_of(answer) == 408
    assert doorway.app.heard == []


async def test_a_body_that_comes_byte_by_byte_is_not_waited_for_either(
    jumping_clock: MockClock,
) -> None:
    async with (
        open_doorway(EdgeLimits(body_s=QUICK_S)) as doorway,
        await connect(doorway.address) as stream,
        trio.open_nursery() as nursery,
    ):
        raw = post(b"x" * 9_000)
        begun = raw.index(b"xxx")
        await stream.send_all(raw[:begun])
        nursery.start_soon(drip, stream, raw[begun:], 0.02)

        assert status_of(await read_to_the_end(stream)) == 408

        nursery.cancel_scope.cancel()

    assert doorway.app.heard == []


async def test_a_body_that_is_too_long_is_refused_before_it_is_sent() -> None:
    async with open_doorway() as doorway:
        raw = post(b"x" * 65_537)
        only_head = raw[: raw.index(b"\r\n\r\n") + 4]

        assert status_of(await ask(doorway.address, only_head)) == 413
        assert status_of(await ask(doorway.address, raw)) == 413
        assert status_of(await ask(doorway.address, post(b"x" * 65_536))) == 200

    assert len(doorway.app.begun) == 1


async def test_a_body_that_is_cut_off_is_refused() -> None:
    async with open_doorway() as doorway, await connect(doorway.address) as stream:
        await stream.send_all(post()[:-1])
        await stream.send_eof()

        assert status_of(await read_to_the_end(stream)) == 400

    assert doorway.app.heard == []


@pytest.mark.parametrize("raw", [b"", START, post()[:-1], post(path="/slow"), UPGRADE + b"\r\n"])
async def test_who_goes_away_leaves_nothing_behind(raw: bytes) -> None:
    async with open_doorway() as doorway:
        doorway.app.go_on.set()
        half_closed = await connect(doorway.address)
        await half_closed.send_all(raw)
        await half_closed.send_eof()
        await read_to_the_end(half_closed)
        await half_closed.aclose()
        for leave in (abort, lambda stream: stream.socket.close()):
            stream = await connect(doorway.address)
            await stream.send_all(raw)
            leave(stream)

        await eventually(lambda: doorway.is_empty and not doorway.edge.streams.open)


async def test_who_never_reads_the_answer_is_gone_soon_and_holds_up_nobody(
    jumping_clock: MockClock,
) -> None:
    async with (
        open_doorway(EdgeLimits(answer_s=QUICK_S, linger_s=QUICK_S)) as doorway,
        deaf(doorway.address, post(path="/big")),
    ):
        await eventually(lambda: bool(doorway.app.heard))

        assert status_of(await ask(doorway.address, post())) == 200
        await eventually(lambda: doorway.is_empty)


async def test_an_application_that_does_not_answer_is_given_up(
    jumping_clock: MockClock,
) -> None:
    async with open_doorway(EdgeLimits(request_s=QUICK_S)) as doorway:
        assert status_of(await ask(doorway.address, post(path="/slow"))) == 504

    assert doorway.app.heard == []


async def test_who_sends_for_ever_behind_a_refusal_is_not_listened_to() -> None:
    limits = EdgeLimits(linger_s=3600, linger_bytes=100_000)
    async with open_doorway(limits) as doorway, await connect(doorway.address) as stream:
        with trio.fail_after(PATIENCE_S), pytest.raises(trio.BrokenResourceError):
            await stream.send_all(b"\0" * 100_000_000)


async def test_the_kernel_gives_up_who_takes_nothing() -> None:
    async with open_doorway() as doorway, await connect(doorway.address) as stream:
        await stream.send_all(UPGRADE + b"\r\n")
        await eventually(lambda: bool(doorway.media.streams))
        sock = doorway.media.streams[0].socket

        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 5_000
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

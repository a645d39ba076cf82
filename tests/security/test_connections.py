"""What can be done to the port itself: hostile heads, slow and silent peers, and crowds."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.patience import STILL_S
from tests.security.carriers import Carrier
from tests.security.message import PATH, PUBLIC_HOST
from tests.security.site import Site, open_site
from tests.security.table import each_carrier
from tests.web.hostile import (
    HOSTILE_HEADS,
    START,
    abort,
    ask,
    connect,
    crowd,
    drip,
    eventually,
    read_to_the_end,
    status_of,
)


@asynccontextmanager
async def untouched(carrier: Carrier) -> AsyncIterator[Site]:
    """A site at which nothing may happen, and that works as before afterwards."""
    async with open_site(carrier) as site:
        before = site.trace()
        yield site
        assert site.trace() == before
        assert (await site.send(site.announcement())).status == 200


@each_carrier
async def test_a_hostile_head_is_refused_before_anybody_reads_on(carrier: Carrier) -> None:
    async with untouched(carrier) as site:
        for name, (raw, status) in HOSTILE_HEADS.items():
            assert (name, status_of(await ask(site.address, raw))) == (name, status)


@each_carrier
async def test_a_genuine_webhook_hidden_behind_another_request_is_not_read(
    carrier: Carrier,
) -> None:
    async with untouched(carrier) as site:
        hidden = site.announcement().render()
        head = f"POST {PATH} HTTP/1.1\r\nHost: {PUBLIC_HOST}\r\n".encode()
        for raw in (
            head + b"Content-Length: 0\r\n\r\n" + hidden,
            head + b"Content-Length: 5\r\n\r\na=b&c" + hidden,
            head + b"Content-Length: 0\r\nConnection: keep-alive\r\n\r\n" + hidden,
            head + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
        ):
            assert status_of(await ask(site.address, raw)) in {401, 411}


# --- slow and silent -------------------------------------------------------------------


@each_carrier
@pytest.mark.parametrize("raw", [b"", b"P", START, START + b"A: b\r\n"])
async def test_a_silent_head_is_not_waited_for(
    carrier: Carrier, raw: bytes, jumping_clock: MockClock
) -> None:
    async with untouched(carrier) as site:
        assert status_of(await ask(site.address, raw)) == 408


@each_carrier
@pytest.mark.parametrize("part", ["head", "body"])
async def test_a_webhook_that_drips_is_not_waited_for(
    carrier: Carrier, part: str, jumping_clock: MockClock
) -> None:
    async with untouched(carrier) as site:
        raw = site.announcement().render()
        size = raw.index(b"\r\n\r\n") + 4 if part == "body" else 0
        async with await connect(site.address) as stream, trio.open_nursery() as nursery:
            await stream.send_all(raw[:size])
            nursery.start_soon(drip, stream, raw[size:], 0.5)

            assert status_of(await read_to_the_end(stream)) == 408
            nursery.cancel_scope.cancel()


@each_carrier
@pytest.mark.parametrize("missing_bytes", [1, 10, 50])
async def test_a_body_that_does_not_come_is_not_waited_for(
    carrier: Carrier, missing_bytes: int, jumping_clock: MockClock
) -> None:
    async with untouched(carrier) as site:
        raw = site.announcement().render()[:-missing_bytes]

        assert status_of(await ask(site.address, raw)) == 408


@each_carrier
@pytest.mark.parametrize("ends", ["aborts", "closes"])
async def test_who_leaves_before_the_end_of_his_webhook_leaves_nothing(
    carrier: Carrier, ends: str
) -> None:
    async with untouched(carrier) as site:
        raw = site.announcement().render()
        for size in (0, 1, 30, len(raw) // 2, len(raw) - 1):
            stream = await connect(site.address)
            await stream.send_all(raw[:size])
            if ends == "aborts":
                abort(stream)
            await stream.aclose()
        await wait_all_tasks_blocked(STILL_S)  # the edge has seen all of them


@each_carrier
async def test_a_webhook_cut_off_by_a_half_close_is_refused(carrier: Carrier) -> None:
    async with untouched(carrier) as site, await connect(site.address) as stream:
        await stream.send_all(site.announcement().render()[:-1])
        await stream.send_eof()

        assert status_of(await read_to_the_end(stream)) == 400


@each_carrier
async def test_a_whole_webhook_with_a_half_close_behind_it_is_obeyed(carrier: Carrier) -> None:
    async with open_site(carrier) as site, await connect(site.address) as stream:
        await stream.send_all(site.announcement().render())
        await stream.send_eof()

        assert status_of(await read_to_the_end(stream)) == 200
        assert site.trace().calls == ("id-1",)


@each_carrier
async def test_a_webhook_whose_sender_does_not_wait_for_the_answer_is_obeyed_once(
    carrier: Carrier,
) -> None:
    async with open_site(carrier) as site:
        message = site.announcement()
        stream = await connect(site.address)
        await stream.send_all(message.render())
        await eventually(lambda: bool(site.switchboard.calls))
        abort(stream)
        await eventually(lambda: bool(site.ledger.replies))
        await wait_all_tasks_blocked()  # what is done after the answer
        before = site.trace()

        assert (await site.send(message)).status == 200
        assert site.trace() == before


# --- crowds ------------------------------------------------------------------------------


@each_carrier
async def test_a_thousand_that_come_and_stay_keep_no_webhook_out(
    carrier: Carrier, mock_clock: MockClock
) -> None:
    """From twenty addresses, and from that of the carrier."""
    async with open_site(carrier) as site:
        raw = site.announcement(7).render()
        says = (b"", raw[:40], raw[:-1], raw[:-1] + b"?")
        with contextlib.ExitStack() as stack:
            for number in range(20):
                source = f"127.0.0.{number + 1}"
                stack.enter_context(crowd(site.address, 50, source=source, says=says[number % 4]))
            await wait_all_tasks_blocked(STILL_S)

            assert (await site.send(site.announcement(1), "127.0.0.1")).status == 200
            assert (await site.send(site.announcement(2), "127.0.9.9")).status == 200
        assert site.trace().calls == ("id-1", "id-2")


@each_carrier
async def test_a_hundred_forged_webhooks_make_one_line_in_the_log(
    carrier: Carrier, mock_clock: MockClock
) -> None:
    async with open_site(carrier) as site:
        message = site.announcement()
        header = carrier.signature_header
        forged = message.with_header(header, b"A" * len(message.value(header)))
        for _ in range(100):
            assert (await site.send(forged)).status == 401

        told = [entry["event"] for entry in site.logged]
        assert told.count("webhook refused") == 1

import contextlib
import resource
import socket

import structlog
import trio
import trio.testing

from tests.web.doorway import build_doorway, open_doorway
from tests.web.hostile import START, ask, crowd, eventually, post, status_of
from voicecalld.web.limits import EdgeLimits
from voicecalld.web.listener import open_listener


async def test_a_webhook_is_answered_among_a_thousand_that_say_nothing() -> None:
    async with open_doorway(EdgeLimits()) as doorway:
        with crowd(doorway.address, 500), crowd(doorway.address, 500, says=START):
            await eventually(lambda: len(doorway.edge.visitors.present) == 64)

            assert status_of(await ask(doorway.address, post())) == 200
            assert status_of(await ask(doorway.address, post(), source="127.0.0.2")) == 200


async def test_a_webhook_is_answered_among_a_thousand_from_everywhere() -> None:
    async with open_doorway(EdgeLimits()) as doorway, trio.open_nursery():
        with contextlib.ExitStack() as stack:
            for number in range(20):
                stack.enter_context(crowd(doorway.address, 50, source=f"127.0.1.{number}"))
            await eventually(lambda: len(doorway.edge.visitors.present) == 512)

            assert status_of(await ask(doorway.address, post())) == 200


async def test_one_address_may_not_have_everything_answered_at_once() -> None:
    async with open_doorway(EdgeLimits(visitors_per_address=2)) as doorway:
        with crowd(doorway.address, 2, says=post(path="/slow")):
            await eventually(lambda: len(doorway.app.begun) == 2)

            assert status_of(await ask(doorway.address, post())) == 503
            assert status_of(await ask(doorway.address, post(), source="127.0.0.2")) == 200


async def test_one_client_of_a_proxy_may_not_have_everything_answered_at_once() -> None:
    async def ask_for(client: str) -> int:
        more = f"X-Forwarded-For: {client}\r\n".encode()
        return status_of(await ask(doorway.address, post(more=more)))

    slow = post(path="/slow", more=b"X-Forwarded-For: 192.0.2.1\r\n")
    limits = EdgeLimits(visitors_per_address=2)
    async with open_doorway(limits, trusted=("127.0.0.0/8",)) as doorway:
        with crowd(doorway.address, 2, says=slow):
            await eventually(lambda: len(doorway.app.begun) == 2)

            assert await ask_for("192.0.2.1") == 429
            assert await ask_for("192.0.2.2") == 200


async def test_no_file_descriptor_left_ends_nothing() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    doorway = build_doorway()
    async with trio.open_nursery() as nursery:
        listener = await open_listener("127.0.0.1", 0)
        with crowd(listener.socket.getsockname(), 20):
            with socket.socket() as highest:  # the next that are free
                few = highest.fileno() + 3
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (few, before[1]))
                await nursery.start(doorway.edge.run, [listener])
                await eventually(lambda: doorway.edge.refusals.noise.counts.total() > 2)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, before)
            answer = await ask(doorway.address, post())
        nursery.cancel_scope.cancel()

    assert doorway.edge.refusals.noise.counts.keys() == {"no file or memory left"}
    assert status_of(answer) == 200


async def test_noise_makes_a_line_for_each_reason_and_tells_none_of_its_words() -> None:
    async with open_doorway() as doorway:
        with structlog.testing.capture_logs() as logged:
            for _ in range(20):
                await ask(doorway.address, b"GET /secret\x1b[2J HTTP/1.1\r\n\r\n")

    told = [entry for entry in logged if entry["event"] == "connection refused"]
    assert doorway.edge.refusals.noise.counts.total() == 20
    assert len(told) < 20
    assert "secret" not in str(logged)

import contextlib
import resource
import socket
import struct

import pytest
import structlog
import trio
import trio.testing

from tests.web.doorway import PATIENT, build_doorway, open_doorway
from tests.web.hostile import (
    GET,
    HOSTILE_HEADS,
    INNER,
    PATIENCE_S,
    START,
    UPGRADE,
    abort,
    ask,
    connect,
    crowd,
    deaf,
    drip,
    eventually,
    post,
    read_to_the_end,
    status_of,
)
from voicecalld.web.limits import EdgeLimits
from voicecalld.web.listener import open_listener

QUICK_S = 0.15
"""Where a deadline is the subject, and real time cannot be avoided."""


# --- the honest ----------------------------------------------------------------------


async def test_a_webhook_reaches_the_application_as_it_was_sent() -> None:
    raw = post(b"a=\x00\xff", "/voice/webhook?callId=%7e1&x", b"X-Twilio-Signature: s=\r\n")
    async with open_doorway() as doorway:
        answer = await ask(doorway.address, raw)

    (heard,) = doorway.app.heard
    assert status_of(answer) == 200
    assert answer.endswith(b"\r\n\r\nheard")
    assert b"connection: close\r\n" in answer.lower()
    assert b"hypercorn" not in answer
    assert (heard.method, heard.url, heard.body) == (
        "POST",
        "/voice/webhook?callId=%7e1&x",
        b"a=\x00\xff",
    )
    assert ("x-twilio-signature", "s=") in heard.headers
    assert heard.client == heard.peer == "127.0.0.1"


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
async def test_a_request_without_a_body_is_answered(method: str) -> None:
    async with open_doorway() as doorway:
        raw = GET.replace(b"GET", method.encode()) + b"Connection: upgrade\r\n\r\n"

        assert status_of(await ask(doorway.address, raw)) == 200


async def test_a_peer_that_has_said_all_it_has_to_say_is_answered() -> None:
    async with open_doorway() as doorway, await connect(doorway.address) as stream:
        await stream.send_all(post(path="/slow"))
        await stream.send_eof()
        await eventually(lambda: bool(doorway.app.begun))
        doorway.app.go_on.set()

        assert status_of(await read_to_the_end(stream)) == 200


async def test_what_was_begun_for_a_peer_is_done_although_it_has_gone() -> None:
    async with open_doorway() as doorway:
        stream = await connect(doorway.address)
        await stream.send_all(post(path="/slow"))
        await eventually(lambda: bool(doorway.app.begun))
        abort(stream)
        doorway.app.go_on.set()

        await eventually(lambda: doorway.is_empty)

    assert len(doorway.app.heard) == 1


async def test_a_large_answer_is_read_to_its_end_by_who_reads_it() -> None:
    async with open_doorway() as doorway:
        answer = await ask(doorway.address, post(path="/big"))

    assert len(answer.partition(b"\r\n\r\n")[2]) == 8 << 20


# --- one request, and only that ------------------------------------------------------


@pytest.mark.parametrize(("raw", "status"), HOSTILE_HEADS.values(), ids=HOSTILE_HEADS.keys())
async def test_what_two_parsers_may_read_differently_reaches_neither(
    raw: bytes, status: int
) -> None:
    async with open_doorway() as doorway:
        answer = await ask(doorway.address, raw)
        await eventually(lambda: doorway.is_empty)

    assert status_of(answer) == status
    assert b"connection: close\r\n" in answer
    assert (doorway.app.begun, doorway.app.heard, doorway.media.read) == ([], [], [])


@pytest.mark.parametrize("first", [post(), post(b""), post(path="/early"), GET + b"\r\n"])
async def test_a_second_request_on_a_connection_is_never_served(first: bytes) -> None:
    async with open_doorway() as doorway:
        answer = await ask(doorway.address, first + INNER)
        await eventually(lambda: doorway.is_empty)

    status_of(answer)
    assert len(doorway.app.begun) == 1


async def test_a_second_request_behind_the_answer_is_never_served() -> None:
    async with open_doorway() as doorway, await connect(doorway.address) as stream:
        await stream.send_all(post(more=b"Connection: keep-alive\r\n"))
        await read_to_the_end(stream)
        with contextlib.suppress(trio.BrokenResourceError):
            await stream.send_all(INNER)

        assert await read_to_the_end(stream) == b""

    assert len(doorway.app.begun) == 1


async def test_an_answer_before_the_body_is_read_arrives_whatever_is_in_the_body() -> None:
    async with open_doorway() as doorway:
        answer = await ask(doorway.address, post(b"x" * 60_000, path="/early"))

    assert status_of(answer) == 401


# --- the slow, the silent, and those who go away -------------------------------------


@pytest.mark.parametrize("raw", [b"", b"P", START])
async def test_a_head_that_does_not_come_is_not_waited_for(raw: bytes) -> None:
    async with open_doorway(EdgeLimits(head_s=QUICK_S)) as doorway:
        assert status_of(await ask(doorway.address, raw)) == 408


async def test_a_head_that_comes_byte_by_byte_is_not_waited_for_either() -> None:
    async with (
        open_doorway(EdgeLimits(head_s=QUICK_S)) as doorway,
        await connect(doorway.address) as stream,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(drip, stream, post(more=b"A: b\r\n" * 90), 0.01)

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


async def test_half_a_head_costs_nothing_while_it_is_waited_for() -> None:
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
async def test_a_body_that_does_not_come_is_not_waited_for(raw: bytes) -> None:
    async with open_doorway(EdgeLimits(body_s=QUICK_S)) as doorway:
        answer = await ask(doorway.address, raw)
        await eventually(lambda: doorway.is_empty)

    assert status_of(answer) == 408
    assert doorway.app.heard == []


async def test_a_body_that_comes_byte_by_byte_is_not_waited_for_either() -> None:
    async with (
        open_doorway(EdgeLimits(body_s=QUICK_S)) as doorway,
        await connect(doorway.address) as stream,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(drip, stream, post(b"x" * 9_000), 0.01)

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


async def test_who_never_reads_the_answer_is_gone_soon_and_holds_up_nobody() -> None:
    async with (
        open_doorway(EdgeLimits(answer_s=QUICK_S, linger_s=QUICK_S)) as doorway,
        deaf(doorway.address, post(path="/big")),
    ):
        await eventually(lambda: bool(doorway.app.heard))

        assert status_of(await ask(doorway.address, post())) == 200
        await eventually(lambda: doorway.is_empty)


async def test_an_application_that_does_not_answer_is_given_up() -> None:
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


# --- many ----------------------------------------------------------------------------


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


# --- who it is -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trusted", "client"), [((), "127.0.0.1"), (("127.0.0.0/8",), "203.0.113.9")]
)
async def test_the_application_is_told_who_really_asks(
    trusted: tuple[str, ...], client: str
) -> None:
    more = b"X-Forwarded-For: 192.0.2.1, 203.0.113.9\r\n"
    async with open_doorway(trusted=trusted) as doorway:
        await ask(doorway.address, post(more=more))

    (heard,) = doorway.app.heard
    assert (heard.client, heard.peer) == (client, "127.0.0.1")


# --- media streams -------------------------------------------------------------------


async def test_a_media_stream_is_handed_on_with_not_a_byte_read() -> None:
    raw = UPGRADE.replace(b"/voice/stream", b"/voice/stream?a=b") + b"\r\n\x81\x80abcd"
    async with open_doorway() as doorway, await connect(doorway.address) as stream:
        await stream.send_all(raw)
        await eventually(lambda: bool(doorway.media.read))

        assert doorway.edge.streams.pending == {"127.0.0.1": 1}
        assert doorway.is_empty  # it is no visitor any more

        await stream.aclose()
        await eventually(lambda: not doorway.edge.streams.open)

    assert doorway.media.read == [raw]
    assert doorway.media.pending[0].client == "127.0.0.1"
    assert doorway.app.begun == []


@pytest.mark.parametrize("path", [b"/voice/webhook", b"/voice/stream/", b"/voice//stream", b"/"])
async def test_a_websocket_on_another_path_is_refused(path: bytes) -> None:
    async with open_doorway() as doorway:
        raw = UPGRADE.replace(b"/voice/stream", path) + b"\r\n"

        assert status_of(await ask(doorway.address, raw)) == 404

    assert doorway.media.read == []
    assert doorway.app.begun == []


async def test_without_media_streams_there_is_no_websocket() -> None:
    async with open_doorway(enabled=False) as doorway:
        assert status_of(await ask(doorway.address, UPGRADE + b"\r\n")) == 404


async def test_the_path_of_media_streams_without_a_websocket_is_a_request() -> None:
    async with open_doorway() as doorway:
        await ask(doorway.address, post(path="/voice/stream"))

    assert doorway.app.begun == ["voice/stream"]


async def test_one_media_stream_too_many_is_refused_before_it_is_one() -> None:
    async with open_doorway(max_connections=1) as doorway, await connect(doorway.address) as one:
        await one.send_all(UPGRADE + b"\r\n")
        await eventually(lambda: bool(doorway.media.read))

        assert status_of(await ask(doorway.address, UPGRADE + b"\r\n")) == 503


async def test_one_waiting_media_stream_too_many_is_asked_to_come_back() -> None:
    async with (
        open_doorway(max_pending_connections_per_ip=1) as doorway,
        await connect(doorway.address) as one,
        await connect(doorway.address) as another,
    ):
        await one.send_all(UPGRADE + b"\r\n")
        await eventually(lambda: bool(doorway.media.read))

        refused = await ask(doorway.address, UPGRADE + b"\r\n")
        doorway.media.pending[0].started()
        await another.send_all(UPGRADE + b"\r\n")
        await eventually(lambda: len(doorway.media.read) == 2)

    assert status_of(refused) == 101
    assert refused.endswith(struct.pack("!BBH", 0x88, 2, 1013))


# --- the end -------------------------------------------------------------------------


async def test_an_edge_ends_at_once_whatever_a_hundred_peers_do() -> None:
    async with contextlib.AsyncExitStack() as stack:
        async with open_doorway(PATIENT) as doorway:
            address = doorway.address
            for number, says in enumerate(
                [b"", START, post()[:-1], post(path="/slow"), b"\0", UPGRADE + b"\r\n"]
            ):
                stack.enter_context(crowd(address, 15, f"127.0.2.{number}", says=says))
            for _ in range(10):
                await stack.enter_async_context(deaf(address, post(path="/big")))
            # Requests: 15 half, 15 slow, 10 deaf. Streams: 4 may wait. Visitors: all the others.
            await eventually(lambda: len(doorway.edge.answering) == 40)
            await eventually(lambda: len(doorway.app.heard) == 10)
            await eventually(lambda: len(doorway.media.read) == 4)
            await eventually(lambda: len(doorway.edge.visitors.present) == 100 - 4)

        assert doorway.is_empty


async def test_a_closed_edge_lets_nobody_in_and_ends_when_all_have_gone() -> None:
    doorway = build_doorway()
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            await nursery.start(doorway.edge.run, [await open_listener("127.0.0.1", 0)])
            stream = await connect(doorway.address)
            await stream.send_all(post(path="/slow"))
            await eventually(lambda: bool(doorway.app.begun))
            doorway.edge.close()
            doorway.edge.close()
            await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(ConnectionRefusedError):
                await connect(doorway.address)
            doorway.app.go_on.set()

            assert status_of(await read_to_the_end(stream)) == 200

            await stream.aclose()


async def test_an_edge_listens_at_several_addresses() -> None:
    doorway = build_doorway()
    async with trio.open_nursery() as nursery:
        listeners = [await open_listener(f"127.0.0.{number}", 0) for number in (1, 2)]
        addresses = [listener.socket.getsockname() for listener in listeners]
        await nursery.start(doorway.edge.run, listeners)

        assert [status_of(await ask(address, post())) for address in addresses] == [200, 200]
        assert doorway.address == addresses[0]

        nursery.cancel_scope.cancel()

    assert all(listener.socket.fileno() == -1 for listener in listeners)

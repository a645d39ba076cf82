import contextlib

import pytest
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
    eventually,
    post,
    read_to_the_end,
    status_of,
)
from voicecalld.web.listener import open_listener

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

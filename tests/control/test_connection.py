import contextlib

import pytest
import structlog
import trio
import trio.testing

from tests.fakes.control_parties import Office
from tests.fakes.line_client import LineClient, connected
from voicecalld.control.connection import PATIENCE_S, Connection
from voicecalld.errors import CallBusyError, JournalError, StartError
from voicecalld.rpc.json_line import MAX_LINE_BYTES

INFO = {"jsonrpc": "2.0", "method": "daemon.info"}


def request(request_id: object, method: str, **params: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


def waiting(request_id: object) -> dict[str, object]:
    """A request that waits until the test lets the other party answer."""
    return request(request_id, "voicecall.continue", callId="c", message=f"m{request_id}")


async def ask_until_dropped(client: LineClient) -> None:
    with contextlib.suppress(trio.BrokenResourceError):
        while True:
            await client.send(*(request("x" * 9000, "daemon.info") for _ in range(100)))


async def is_alive(office: Office) -> bool:
    async with connected(office.path) as other:
        return "pid" in await other.ask("daemon.info")


async def test_a_request_may_arrive_in_pieces_and_several_in_one(office: Office) -> None:
    async with office.open(), connected(office.path) as client:
        for piece in (b'{"jsonrpc":"2.0","id":1,', b'"method":"daemon.in', b'fo"}\r\n{"json'):
            await client.stream.send_all(piece)
            await trio.testing.wait_all_tasks_blocked()
        await client.stream.send_all(b'rpc":"2.0","id":2,"method":"daemon.info"}\n')

        answers = [await client.receive(), await client.receive()]

    assert {answer["id"] for answer in answers} == {1, 2}


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b'"\xff"', b"[" * 100_000, b'{"id": NaN}', b'{"id": 1, "id": 2}', b'"\\ud800"'],
)
async def test_a_line_that_is_not_json_is_answered_and_the_next_is_read(
    office: Office, line: bytes
) -> None:
    async with office.open(), connected(office.path) as client:
        await client.stream.send_all(line + b"\n")

        answer = await client.receive()

        assert (answer["id"], answer["error"]["code"]) == (None, -32700)
        assert "pid" in await client.ask("daemon.info")


async def test_the_longest_line_is_read_and_a_longer_one_ends_the_connection(
    office: Office,
) -> None:
    async with office.open(), connected(office.path) as client:
        await client.stream.send_all(b" " * MAX_LINE_BYTES + b"\n")
        assert (await client.receive())["error"]["code"] == -32700
        await client.stream.send_all(b" " * (MAX_LINE_BYTES + 1) + b"\n")

        answer = await client.receive()

        assert answer["error"]["code"] == -32600
        assert "longer than 1048576 bytes" in answer["error"]["message"]
        assert await client.receive_line() == b""
        assert await is_alive(office)


async def test_two_mebibytes_without_a_line_feed_end_the_connection(office: Office) -> None:
    async with office.open(), connected(office.path) as client:
        with pytest.raises(trio.BrokenResourceError):
            await client.stream.send_all(b"x" * (64 * MAX_LINE_BYTES))

        assert b"-32600" in await client.receive_line()


async def test_requests_run_side_by_side_even_under_the_same_id(office: Office) -> None:
    async with office.open(), connected(office.path) as client:
        await client.send(waiting("a"), waiting("a"))
        await office.calls.wait_waiting(2)
        assert "pid" in await client.ask("daemon.info")
        office.calls.reply.set()

        answers = [await client.receive(), await client.receive()]

    assert [answer["id"] for answer in answers] == ["a", "a"]
    assert all(answer["result"]["success"] for answer in answers)


async def test_reading_waits_while_many_requests_are_in_flight(office: Office) -> None:
    async with office.open(), connected(office.path) as client:
        await client.send(*(waiting(number) for number in range(40)))
        await office.calls.wait_waiting(32)
        await trio.testing.wait_all_tasks_blocked()
        assert office.calls.waiting == 32
        office.calls.reply.set()

        answers = [await client.receive() for _ in range(40)]

    assert {answer["id"] for answer in answers} == set(range(40))
    assert office.calls.most_waiting == 32


async def test_a_notification_is_obeyed_without_an_answer_even_if_it_fails(office: Office) -> None:
    async with office.open(), connected(office.path) as client:
        await client.send(
            INFO,
            {"jsonrpc": "2.0", "method": "no.such"},
            {"jsonrpc": "2.0", "method": "voicecall.end", "params": {"callId": "unknown"}},
            {"jsonrpc": "2.0", "method": "voicecall.end", "params": {"callId": "c"}},
        )
        await office.calls.wait_for(lambda: office.calls.finished == ["end"])

        # The first thing that comes back is the answer to this.
        assert "pid" in await client.ask("daemon.info")


async def test_a_batch_is_answered_in_one_line_in_its_order(office: Office) -> None:
    async with office.open(), connected(office.path) as client:
        await client.send(
            [request(1, "daemon.info"), INFO, 5, request(2, "no.such"), request(3, "daemon.info")]
        )

        answers = await client.receive()

    assert [answer["id"] for answer in answers] == [1, None, 2, 3]
    assert [answer.get("error", {}).get("code") for answer in answers] == [
        None, -32600, -32601, None,
    ]  # fmt: skip


async def test_a_batch_of_notifications_is_not_answered_and_an_empty_one_is_no_batch(
    office: Office,
) -> None:
    async with office.open(), connected(office.path) as client:
        await client.send([INFO, INFO], [])

        answer = await client.receive()

    assert answer["error"]["code"] == -32600


async def test_a_batch_of_too_many_requests_is_refused_whole_and_the_limit_is_named(
    office: Office,
) -> None:
    async with office.open(), connected(office.path) as client:
        await client.send([request(1, "voicecall.end", callId="c")] * 51)

        answer = await client.receive()

        assert (answer["id"], answer["error"]["code"]) == (None, -32600)
        assert "more than 50 requests" in answer["error"]["message"]
        assert "pid" in await client.ask("daemon.info")
    assert office.calls.asked == []


async def test_others_have_their_turn_between_the_requests_of_a_batch(office: Office) -> None:
    ours, theirs = trio.socket.socketpair()
    turns: list[None] = []

    async def take_turns() -> None:
        while True:
            await trio.lowlevel.checkpoint()
            turns.append(None)

    async with (
        trio.SocketStream(ours) as stream,
        trio.SocketStream(theirs),
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(take_turns)
        connection = Connection(stream, office.service)
        await connection.answer_request(b"[%s5]" % (b"5," * 49), nursery)
        nursery.cancel_scope.cancel()

    assert len(turns) >= 49


async def test_what_a_batch_asks_for_is_done_to_its_end_although_the_client_has_gone(
    office: Office,
) -> None:
    office.calls.slow = trio.Event()
    async with office.open():
        async with connected(office.path) as client:
            await client.send([request(n, "voicecall.end", callId="c") for n in range(3)])
        await office.calls.wait_for(lambda: len(office.calls.asked) == 1)
        await trio.testing.wait_all_tasks_blocked()
        office.calls.slow.set()

        await office.calls.wait_for(lambda: office.calls.finished == ["end"] * 3)


async def test_a_refusal_has_its_own_code_and_names_the_parameter(office: Office) -> None:
    async with office.open(), connected(office.path) as client:
        refused = await client.ask("voicecall.list", limit=0)
        office.calls.error = CallBusyError("busy")
        busy = await client.ask("voicecall.speak", callId="c", message="m")

    assert (refused["code"], refused["data"]) == (-32602, {"parameter": "limit"})
    assert busy == {"code": 102, "message": "busy"}


@pytest.mark.parametrize(
    ("bug", "message"),
    [
        (RuntimeError("secret words"), "internal error"),
        (StartError("the door is shut"), "internal error: the door is shut"),
    ],
)
async def test_a_bug_in_a_method_ends_one_request_and_is_logged(
    office: Office, bug: Exception, message: str
) -> None:
    office.calls.error = bug
    with structlog.testing.capture_logs() as logged:
        async with office.open(), connected(office.path) as client:
            error = await client.ask("voicecall.end", callId="c")

            assert "pid" in await client.ask("daemon.info")

    assert error == {"code": -32603, "message": message}
    assert [(entry["event"], entry["method"], entry["exc_info"]) for entry in logged] == [
        ("control method failed", "voicecall.end", True)
    ]


async def test_a_journal_that_fails_is_no_bug_and_is_told_in_one_line(office: Office) -> None:
    office.calls.error = JournalError("the disk is full")
    with structlog.testing.capture_logs() as logged:
        async with office.open(), connected(office.path) as client:
            error = await client.ask("voicecall.end", callId="c")

    assert error == {"code": -32001, "message": "the disk is full"}
    assert logged == [
        {
            "event": "control method not done",
            "log_level": "warning",
            "method": "voicecall.end",
            "reason": "the disk is full",
        }
    ]


async def test_a_client_that_vanishes_is_not_waited_for_and_harms_nobody(office: Office) -> None:
    async with office.open():
        async with connected(office.path) as client:
            await client.send(waiting(1))
            await office.calls.wait_waiting(1)

        await office.calls.wait_abandoned(1)

        assert office.calls.abandoned == ["m1"]
        assert await is_alive(office)


async def test_a_client_that_vanishes_with_all_requests_in_flight_is_noticed(
    office: Office,
) -> None:
    async with office.open():
        async with connected(office.path) as client:
            await client.send(*(waiting(number) for number in range(33)))
            await office.calls.wait_waiting(32)

        await office.calls.wait_abandoned(32)

        assert await is_alive(office)


@pytest.mark.parametrize(
    ("method", "params", "name"),
    [("voicecall.initiate", {"message": "m"}, "place"), ("voicecall.end", {"callId": "c"}, "end")],
)
async def test_placing_and_hanging_up_are_finished_although_the_client_has_gone(
    office: Office, method: str, params: dict[str, object], name: str
) -> None:
    office.calls.slow = trio.Event()
    async with office.open():
        async with connected(office.path) as client:
            await client.send(request(1, method, **params))
        await office.calls.wait_for(lambda: len(office.calls.asked) == 1)
        await trio.testing.wait_all_tasks_blocked()
        office.calls.slow.set()

        await office.calls.wait_for(lambda: office.calls.finished == [name])


async def test_a_client_that_has_said_all_still_gets_its_answers(office: Office) -> None:
    async with office.open(), connected(office.path) as client:
        await client.send(waiting(1))
        await client.stream.send_eof()
        await office.calls.wait_waiting(1)
        office.calls.reply.set()

        assert (await client.receive())["id"] == 1
        assert await client.receive_line() == b""


async def test_half_a_line_at_the_end_is_not_obeyed(office: Office) -> None:
    async with office.open(), connected(office.path) as client:
        await client.stream.send_all(b'{"jsonrpc":"2.0","id":1,"method":"daemon.info"}')
        await client.stream.send_eof()

        assert await client.receive_line() == b""


async def test_a_client_that_does_not_read_is_dropped(
    office: Office, mock_clock: trio.testing.MockClock
) -> None:
    with structlog.testing.capture_logs() as logged:
        async with office.open(), connected(office.path) as client:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(ask_until_dropped, client)
                await trio.testing.wait_all_tasks_blocked()
                mock_clock.jump(PATIENCE_S + 0.1)

            assert await is_alive(office)

    assert {"reason": "does not read"}.items() <= logged[0].items()

import pytest
import structlog
import trio

from tests.fakes.control_parties import Office
from tests.fakes.line_client import connected
from voicecalld.errors import JournalError


def request(request_id: object, method: str, **params: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


async def test_subscribers_are_told_of_events_after_their_answer(office: Office) -> None:
    office.journal.happen("call.initiated")
    async with office.open(), connected(office.path) as client:
        result = await client.ask("voicecall.subscribe")
        await office.journal.subscribed.wait()
        office.journal.happen("call.dtmf", digits="5")

        told = await client.receive()

    assert result == {"subscribed": True, "lastEvent": 1}
    assert told["method"] == "voicecall.event"
    assert "id" not in told
    assert (told["params"]["seq"], told["params"]["digits"]) == (2, "5")
    assert told["params"]["call"]["callId"] == "call-1"


async def test_subscribers_can_ask_for_what_they_missed(office: Office) -> None:
    for _ in range(5):
        office.journal.happen("call.active")
    async with office.open(), connected(office.path) as client:
        await client.ask("voicecall.subscribe", since=2)
        await office.journal.subscribed.wait()
        office.journal.happen("call.ended")

        told = [(await client.receive())["params"]["seq"] for _ in range(4)]

    assert told == [3, 4, 5, 6]


async def test_nobody_waits_for_events_of_a_journal_that_has_fewer(office: Office) -> None:
    async with office.open(), connected(office.path) as client:
        error = await client.ask("voicecall.subscribe", since=1)

    assert error["data"] == {"parameter": "since"}
    assert "latest event is 0" in error["message"]


async def test_a_connection_is_told_of_each_event_only_once(office: Office) -> None:
    async with office.open(), connected(office.path) as client:
        await client.ask("voicecall.subscribe")

        error = await client.ask("voicecall.subscribe")

    assert error["code"] == 109


async def test_a_subscription_in_a_batch_begins_after_the_batchs_answer(office: Office) -> None:
    office.journal.happen("call.active")
    async with office.open(), connected(office.path) as client:
        await client.send([request(1, "voicecall.subscribe", since=0), request(2, "daemon.info")])

        answers = await client.receive()

        assert [answer["id"] for answer in answers] == [1, 2]
        assert (await client.receive())["params"]["seq"] == 1


async def test_a_subscriber_who_cannot_keep_up_is_dropped(office: Office) -> None:
    with structlog.testing.capture_logs() as logged:
        async with office.open(), connected(office.path) as client:
            await client.ask("voicecall.subscribe")
            await office.journal.subscribed.wait()
            for _ in range(9):
                office.journal.happen("call.active")

            # What was queued still arrives; then the connection ends.
            while await client.receive_line():
                continue

    assert logged[0]["reason"] == "does not keep up with events"


async def test_a_subscriber_whose_events_cannot_be_read_is_dropped_alone(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreadable(_after: int, _limit: int) -> tuple[()]:
        await trio.lowlevel.checkpoint()
        raise JournalError("the journal cannot be read: disk I/O error")

    monkeypatch.setattr(office.journal, "events", unreadable)
    with structlog.testing.capture_logs() as logged:
        async with office.open(), connected(office.path) as other:
            async with connected(office.path) as client:
                await client.ask("voicecall.subscribe")

                assert await client.receive_line() == b""
            assert "pid" in await other.ask("daemon.info")

    assert [(entry["log_level"], entry["reason"]) for entry in logged] == [
        ("warning", "the journal cannot be read: disk I/O error")
    ]

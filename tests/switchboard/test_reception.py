"""Webhooks at the door: obeyed once, answered alike, whatever the network does to them."""

from pathlib import Path

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from tests.fakes.ledger import Ledger
from tests.switchboard.mock_notices import notice
from tests.switchboard.office import KEY, UNIX_S, WEBHOOK_URL, Office, open_office
from voicecalld.errors import JournalError
from voicecalld.exchange.notices import build_webhook, parse_answer
from voicecalld.provider.base import ConnectStream, RejectCall
from voicecalld.provider.http import Reply, Webhook
from voicecalld.provider.mock.webhook import MockEvent
from voicecalld.switchboard.journal import open_journal


async def receive(office: Office, webhook: Webhook, replies: list[Reply]) -> None:
    replies.append(await office.reception.receive_webhook(webhook))


# --- the same webhook again ------------------------------------------------------------


@pytest.mark.parametrize("later_s", [0, 1, 3600, 23 * 3600])
async def test_a_webhook_that_comes_again_is_answered_alike_and_not_obeyed(
    later_s: float, autojump_clock: MockClock
) -> None:
    async with open_office(inbound_policy="open") as office:
        first = await office.reception.receive_webhook(notice())
        await trio.sleep(later_s)

        again = await office.reception.receive_webhook(notice())

    assert isinstance(parse_answer(first), ConnectStream)
    assert again == first
    assert office.events.count("call.initiated") == 1


async def test_a_webhook_that_comes_twice_at_once_waits_for_its_twin(
    autojump_clock: MockClock,
) -> None:
    replies: list[Reply] = []

    async with open_office(inbound_policy="open") as office:
        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(receive, office, notice(), replies)

        assert office.switchboard.live_count == 1
    assert isinstance(parse_answer(replies[0]), ConnectStream)
    assert replies == [replies[0]] * 5


async def test_a_webhook_is_answered_alike_after_a_restart(tmp_path: Path) -> None:
    replies: list[Reply] = []
    counts: list[int] = []

    for _ in range(2):
        async with (
            open_journal(tmp_path / "journal.sqlite3") as journal,
            open_office(inbound_policy="open", journal=journal) as office,
        ):
            replies.append(await office.reception.receive_webhook(notice()))
            counts.append(office.switchboard.live_count)

    assert counts == [1, 0]
    assert isinstance(parse_answer(replies[0]), ConnectStream)
    assert replies[1] == replies[0]


async def test_a_call_that_we_have_had_is_not_taken_again_however_late(
    autojump_clock: MockClock,
) -> None:
    async with open_office(inbound_policy="open") as office:
        await office.reception.receive_webhook(notice())
        await trio.sleep(25 * 3600)
        assert office.switchboard.live_count == 0

        again = await office.reception.receive_webhook(notice())
        other = await office.reception.receive_webhook(notice(number=2))

    assert parse_answer(again) == parse_answer(other) == RejectCall()
    assert len(office.journal.latest()) == 1


async def test_a_call_that_is_announced_twice_in_different_words_is_one_call(
    autojump_clock: MockClock,
) -> None:
    replies: list[Reply] = []

    async with open_office(inbound_policy="open") as office:
        async with trio.open_nursery() as nursery:
            for number in range(5):
                nursery.start_soon(receive, office, notice(number=number), replies)

        assert office.switchboard.live_count == 1
    assert all(isinstance(parse_answer(reply), ConnectStream) for reply in replies)
    assert len({reply.body for reply in replies}) == 5


# --- what goes wrong -------------------------------------------------------------------


@pytest.mark.parametrize("fault", [JournalError("disk full"), ZeroDivisionError("a bug")])
async def test_a_webhook_that_could_not_be_obeyed_may_come_again(
    fault: Exception, autojump_clock: MockClock
) -> None:
    async with open_office() as office:
        office.journal.broken = fault
        with capture_logs() as logs:
            failed = await office.reception.receive_webhook(notice(MockEvent.ENDED))
        office.journal.broken = None
        office.journal.replies.clear()  # what could not be written

        again = await office.reception.receive_webhook(notice(MockEvent.ENDED))

    assert (failed.status, again.status) == (500, 200)
    assert len(logs) == 1
    assert office.reception.being_answered == {}


async def test_a_webhook_of_a_call_whose_beginning_cannot_be_written_is_answered_all_the_same(
    autojump_clock: MockClock,
) -> None:
    statuses: list[int] = []
    async with open_office(inbound_policy="open") as office, trio.open_nursery() as nursery:
        office.journal.delay_s = 5.0
        office.journal.broken = JournalError("disk full")

        async def receive(event: MockEvent, after_s: float) -> None:
            await trio.sleep(after_s)
            statuses.append((await office.reception.receive_webhook(notice(event))).status)

        nursery.start_soon(receive, MockEvent.INITIATED, 0)
        nursery.start_soon(receive, MockEvent.ENDED, 1)
        await trio.sleep(60)

        assert statuses == [500, 500]
        assert office.reception.being_answered == {}


async def test_a_malformed_webhook_is_told_so_and_leaves_no_trace(
    autojump_clock: MockClock,
) -> None:
    body = b'{"event":"initiated"}'

    async with open_office() as office:
        genuine = build_webhook(WEBHOOK_URL, body, key=KEY, unix_s=UNIX_S)
        reply = await office.reception.receive_webhook(genuine)

    assert reply.status == 400
    assert office.journal.entries == []
    assert office.journal.replies == {}


async def test_a_carrier_that_does_not_wait_for_the_answer_is_obeyed_all_the_same(
    autojump_clock: MockClock,
) -> None:
    async with open_office(inbound_policy="open") as office:
        with trio.CancelScope() as scope:
            scope.cancel()
            await office.reception.receive_webhook(notice())
        await office.wait_for("call.ringing")

        again = await office.reception.receive_webhook(notice())

        assert scope.cancelled_caught
        assert office.switchboard.live_count == 1
    assert isinstance(parse_answer(again), ConnectStream)
    assert office.events.count("call.initiated") == 1


class SlowLedger(Ledger):
    """Takes a while to write."""

    async def settle(self) -> None:
        await trio.sleep(5)


async def test_who_waits_for_an_answer_when_the_daemon_stops_is_told_that_it_failed(
    autojump_clock: MockClock,
) -> None:
    replies: list[Reply] = []

    async with (
        trio.open_nursery() as nursery,
        open_office(inbound_policy="open", journal=SlowLedger()) as office,
    ):
        nursery.start_soon(receive, office, notice(), replies)  # noqa: ASYNC111 - it outlives the office
        await trio.sleep(1)
        office.switchboard.nursery.cancel_scope.cancel()

    assert [reply.status for reply in replies] == [500]

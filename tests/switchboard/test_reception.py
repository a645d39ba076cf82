"""Webhooks at the door: proved, obeyed once, answered alike, whatever the network does to them."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from tests.fakes.ledger import Ledger
from tests.switchboard.mock_notices import SIDE, notice
from tests.switchboard.office import KEY, UNIX_S, WEBHOOK_URL, Office, open_office
from voicecalld.call.record import CallState
from voicecalld.errors import CarrierError, JournalError
from voicecalld.exchange.notices import build_webhook, parse_answer
from voicecalld.ids import CallId
from voicecalld.net.message_stream import POLICY_VIOLATION, open_memory_streams
from voicecalld.provider.base import Acknowledge, ConnectStream, Direction, RejectCall
from voicecalld.provider.http import Reply, Webhook
from voicecalld.provider.mock.webhook import MockEvent
from voicecalld.provider.twilio import TwilioProvider
from voicecalld.switchboard.journal import open_journal
from voicecalld.switchboard.reception import Reception

RINGS: dict[str, Any] = {"answers_after_ms": 20_000}
HANG_UP = b'{"do": "hang-up"}'


def about(office: Office, call_id: CallId, event: MockEvent, call: str | None = None) -> Webhook:
    """A webhook about a call that we have placed."""
    named = office.journal.latest()[call_id].provider_call_id
    assert named is not None
    return notice(event, call=call or named, call_id=call_id, direction=Direction.OUTBOUND)


async def ring(office: Office) -> CallId:
    """Place a call, and wait until the journal knows what the carrier calls it."""
    call_id = await office.call()
    await office.wait_for("call.ringing")
    return call_id


def hung_up(office: Office) -> list[str]:
    """What the carrier has been asked to hang up."""
    return [
        request.url.rpartition("/")[2]
        for request in office.link.requests
        if request.method == "DELETE"
    ]


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

        async def receive() -> None:
            replies.append(await office.reception.receive_webhook(notice()))

        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(receive)

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

        async def receive(number: int) -> None:
            replies.append(await office.reception.receive_webhook(notice(number=number)))

        async with trio.open_nursery() as nursery:
            for number in range(5):
                nursery.start_soon(receive, number)

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

        async def receive() -> None:
            replies.append(await office.reception.receive_webhook(notice()))

        nursery.start_soon(receive)
        await trio.sleep(1)
        office.switchboard.nursery.cancel_scope.cancel()

    assert [reply.status for reply in replies] == [500]


# --- calls that do not live here -------------------------------------------------------


async def test_a_call_that_is_over_here_and_goes_on_at_the_carrier_is_hung_up(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=RINGS) as office:
        call_id = await ring(office)
        await office.switchboard.end(call_id)
        named = office.journal.latest()[call_id].provider_call_id

        reply = await office.reception.receive_webhook(about(office, call_id, MockEvent.RINGING))
        await trio.sleep(1)

    assert parse_answer(reply) == Acknowledge()
    assert hung_up(office) == [named, named]


async def test_a_carrier_that_asks_what_to_do_with_a_call_that_is_over_is_told_to_hang_up(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=RINGS) as office:
        call_id = await ring(office)
        await office.switchboard.end(call_id)

        reply = await office.reception.receive_webhook(about(office, call_id, MockEvent.ANSWERED))
        await trio.sleep(1)

    assert reply.body == HANG_UP
    assert len(hung_up(office)) == 1  # at its end


async def test_the_end_of_a_call_that_is_over_is_no_news(autojump_clock: MockClock) -> None:
    async with open_office(phone=RINGS) as office:
        call_id = await ring(office)
        await office.switchboard.end(call_id)

        reply = await office.reception.receive_webhook(about(office, call_id, MockEvent.ENDED))
        await trio.sleep(1)

    assert parse_answer(reply) == Acknowledge()
    assert len(hung_up(office)) == 1


async def test_a_second_call_in_the_name_of_a_living_one_is_hung_up_alone(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=RINGS) as office:
        call_id = await ring(office)

        twin = about(office, call_id, MockEvent.ENDED, call="mock-twin")
        await office.reception.receive_webhook(twin)
        twin = about(office, call_id, MockEvent.RINGING, call="mock-twin")
        await office.reception.receive_webhook(twin)
        await trio.sleep(1)

        assert office.switchboard.live_count == 1
        assert hung_up(office) == ["mock-twin"]
    assert office.journal.latest()[call_id].state is not CallState.COMPLETED


async def test_a_call_that_came_to_us_and_is_unknown_is_left_alone(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        reply = await office.reception.receive_webhook(notice(MockEvent.RINGING))
        await trio.sleep(1)

    assert parse_answer(reply) == Acknowledge()
    assert hung_up(office) == []


async def test_a_carrier_that_cannot_hang_up_a_stray_call_is_complained_of(
    autojump_clock: MockClock,
) -> None:
    async with open_office(phone=RINGS) as office:
        stray = notice(MockEvent.RINGING, call_id=CallId("gone"), direction=Direction.OUTBOUND)
        office.link.fault = CarrierError("out of order")
        with capture_logs() as logs:
            reply = await office.reception.receive_webhook(stray)
            await trio.sleep(1)

    assert parse_answer(reply) == Acknowledge()
    assert "carrier did not hang up" in [entry["event"] for entry in logs]


# --- webhooks without proof ------------------------------------------------------------

BYPASS = {"provider": "ngrok", "allow_ngrok_free_tier_loopback_bypass": True}
LOCAL = "127.0.0.1"


def forged(signature: str = "A" * 27 + "=", sid: str = "0") -> Webhook:
    """A webhook of Twilio's form that is signed with nothing that we know."""
    body = (
        f"AccountSid=AC{'0' * 32}&CallSid=CA{sid * 32}&CallStatus=completed"
        "&CallbackSource=call-progress-events&Direction=outbound-api"
    )
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": signature,
    }
    url = "https://voice.example.com/voice/webhook"
    return Webhook(method="POST", url=url, headers=headers, body=body.encode())


@asynccontextmanager
async def twilio_reception(
    change: Callable[[Any], Any] = lambda settings: settings, **settings: Any
) -> AsyncIterator[Reception]:
    """A door of Twilio's; *change* makes settings of settings, also such as are refused."""
    provider = TwilioProvider(
        account_sid="AC" + "0" * 32,
        auth_token="hunter2",  # noqa: S106 - of no account
        api_base_url="https://api.twilio.com",
        region="us1",
        language="en-US",
        voice="",
    )
    async with open_office(**settings) as office:
        clock = office.switchboard.services.unix_clock
        reception = Reception(office.switchboard, provider, unix_clock=clock)
        reception.settings = change(reception.settings)
        yield reception


async def test_through_ngrok_on_this_machine_a_wrong_signature_is_warned_of_each_time(
    autojump_clock: MockClock,
) -> None:
    async with twilio_reception(tunnel=BYPASS) as reception:
        with capture_logs() as logs:
            replies = [
                await reception.receive_webhook(forged(), LOCAL),
                await reception.receive_webhook(forged(), "::1"),
            ]

    assert [reply.status for reply in replies] == [200, 200]
    assert [entry["log_level"] for entry in logs] == ["warning", "warning"]
    assert all("without proof" in entry["event"] for entry in logs)


@pytest.mark.parametrize("peer", ["", "203.0.113.1", "10.0.0.1", "localhost", "::ffff:10.0.0.1"])
async def test_a_wrong_signature_that_ngrok_did_not_bring_is_refused(
    peer: str, autojump_clock: MockClock
) -> None:
    async with twilio_reception(tunnel=BYPASS) as reception:
        reply = await reception.receive_webhook(forged(), peer)

    assert reply.status == 401


@pytest.mark.parametrize(
    "change",
    [
        {"tunnel": {"allow_ngrok_free_tier_loopback_bypass": False}},
        {"tunnel": {"provider": "none"}},
        {"serve": {"bind": "0.0.0.0"}},  # noqa: S104 - it is refused
    ],
)
async def test_ngroks_exception_needs_every_one_of_its_conditions(
    change: dict[str, dict[str, object]], autojump_clock: MockClock
) -> None:
    def apply(settings: Any) -> Any:
        tables = {
            name: getattr(settings, name).model_copy(update=values)
            for name, values in change.items()
        }
        return settings.model_copy(update=tables)

    async with twilio_reception(apply, tunnel=BYPASS) as reception:
        reply = await reception.receive_webhook(forged(), LOCAL)

    assert reply.status == 401


async def test_ngroks_exception_is_for_twilio_alone(autojump_clock: MockClock) -> None:
    async with open_office(tunnel=BYPASS) as office:
        unsigned = Webhook(method="POST", url=WEBHOOK_URL, headers={}, body=notice().body)
        reply = await office.reception.receive_webhook(unsigned, LOCAL)

    assert reply.status == 401


async def test_without_verification_everything_is_let_in_and_still_obeyed_once(
    autojump_clock: MockClock,
) -> None:
    async with open_office(inbound_policy="open", skip_signature_verification=True) as office:
        unsigned = Webhook(method="POST", url=WEBHOOK_URL, headers={}, body=notice().body)
        first = await office.reception.receive_webhook(unsigned)
        again = await office.reception.receive_webhook(unsigned)

        assert office.switchboard.live_count == 1
    assert isinstance(parse_answer(first), ConnectStream)
    assert again == first


async def test_no_webhook_without_proof_is_taken_for_one_that_has_it(
    autojump_clock: MockClock,
) -> None:
    async with twilio_reception(tunnel=BYPASS) as reception:
        await reception.receive_webhook(forged(), LOCAL)
        journal = reception.services.journal

        (key,) = journal.replies  # type: ignore[attr-defined]  # it is a Ledger

    assert key.startswith("unproven ")


async def test_forged_webhooks_make_one_line_a_second_that_counts_them(
    autojump_clock: MockClock,
) -> None:
    async with twilio_reception() as reception:
        with capture_logs() as logs:
            for _ in range(100):
                assert (await reception.receive_webhook(forged())).status == 401
            await trio.sleep(1)
            await reception.receive_webhook(forged())

    assert [(entry["event"], entry["count"]) for entry in logs] == [
        ("webhook refused", 1),
        ("webhook refused", 100),
    ]


# --- streams ---------------------------------------------------------------------------


def upgrade(signature: str | None) -> Webhook:
    """The request that opens a media stream."""
    headers = {} if signature is None else {"x-twilio-signature": signature}
    url = "wss://voice.example.com/voice/stream"
    return Webhook(method="GET", url=url, headers=headers, body=b"")


FORGED_UPGRADES = pytest.mark.parametrize("signature", [None, "", "A" * 27 + "="])


@FORGED_UPGRADES
async def test_a_stream_of_twilios_needs_a_proof(
    signature: str | None, autojump_clock: MockClock
) -> None:
    async with twilio_reception() as reception:
        assert not reception.welcomes(upgrade(signature), LOCAL)


@FORGED_UPGRADES
async def test_a_stream_needs_no_proof_where_webhooks_need_none(
    signature: str | None, autojump_clock: MockClock
) -> None:
    async with twilio_reception(skip_signature_verification=True) as reception:
        assert reception.welcomes(upgrade(signature), "203.0.113.1")
    async with twilio_reception(tunnel=BYPASS) as reception:
        assert reception.welcomes(upgrade(signature), LOCAL)
        assert not reception.welcomes(upgrade(signature), "203.0.113.1")


async def test_a_stream_of_the_simulated_carrier_is_welcome_without_a_proof(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        assert office.reception.welcomes(upgrade(None), "203.0.113.1")


async def test_refused_streams_make_one_line_a_second_that_counts_them(
    autojump_clock: MockClock,
) -> None:
    async with twilio_reception() as reception:
        with capture_logs() as logs:
            for _ in range(100):
                reception.welcomes(upgrade(None), "203.0.113.1")
                ours, theirs = open_memory_streams()
                ours.send("rubbish")
                await reception.serve_stream(theirs)
            await trio.sleep(1)
            reception.welcomes(upgrade(None), "203.0.113.1")

    assert [(entry["event"], entry["count"]) for entry in logs] == [
        ("stream refused", 1),
        ("stream refused", 1),
        ("stream refused", 100),
    ]
    assert len({entry["reason"] for entry in logs}) == 2


async def test_a_stream_counts_as_started_when_it_has_proved_whose_it_is(
    autojump_clock: MockClock,
) -> None:
    started: list[float] = []
    async with open_office(inbound_policy="open") as office, trio.open_nursery() as nursery:
        reply = await office.reception.receive_webhook(notice())
        token = json.loads(reply.body)["token"]
        ours, theirs = open_memory_streams()

        async def serve() -> None:
            await office.reception.serve_stream(
                theirs, lambda: started.append(trio.current_time())
            )

        nursery.start_soon(serve)
        await trio.sleep(1)
        assert started == []
        ours.send(json.dumps({"event": "start", "streamId": "s", "callId": SIDE, "token": token}))
        await trio.sleep(1)
        nursery.cancel_scope.cancel()

    assert len(started) == 1


async def test_a_stream_that_is_refused_is_told_why_and_never_counts_as_started(
    autojump_clock: MockClock,
) -> None:
    started: list[float] = []
    async with open_office() as office:
        ours, theirs = open_memory_streams()
        ours.send('{"event":"start","streamId":"s","callId":"c","token":"t"}')

        await office.reception.serve_stream(theirs, lambda: started.append(0.0))

    assert started == []
    assert theirs.close_code == POLICY_VIOLATION

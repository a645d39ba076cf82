"""Webhooks and media streams at the door: who must prove what, and who is refused."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from tests.switchboard.mock_notices import SIDE, notice
from tests.switchboard.office import WEBHOOK_URL, open_office
from voicecalld.exchange.notices import parse_answer
from voicecalld.net.message_stream import POLICY_VIOLATION, open_memory_streams
from voicecalld.provider.base import ConnectStream
from voicecalld.provider.http import Webhook
from voicecalld.provider.twilio import TwilioProvider
from voicecalld.switchboard.links import Links
from voicecalld.switchboard.reception import Reception
from voicecalld.switchboard.services import CarrierAccess

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
        links = Links(webhook_url="", stream_url="")
        carrier = CarrierAccess(provider=provider, link=office.link, links=links)
        reception = Reception(office.switchboard, carrier, unix_clock=clock)
        reception.proof.settings = change(reception.settings)
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


async def test_forged_webhooks_make_one_line_in_ten_seconds_that_counts_them(
    autojump_clock: MockClock,
) -> None:
    async with twilio_reception() as reception:
        with capture_logs() as logs:
            for _ in range(100):
                assert (await reception.receive_webhook(forged())).status == 401
            await trio.sleep(10)
            await reception.receive_webhook(forged())

    assert [(entry["event"], entry["count"]) for entry in logs] == [
        ("webhook refused", 1),
        ("webhook refused", 100),
    ]


async def test_the_url_that_was_assumed_is_logged_and_makes_no_line_of_its_own(
    autojump_clock: MockClock,
) -> None:
    async with twilio_reception() as reception:
        with capture_logs() as logs:
            for host in ("a.example.com", "b.example.com"):
                url = f"https://{host}/voice/webhook"
                await reception.receive_webhook(replace(forged(), url=f"{url}?callId=c"))

    assert [entry["assumed_url"] for entry in logs] == ["https://a.example.com/voice/webhook"]
    assert reception.carrier.refusals.count == 2


async def test_a_refusal_is_logged_with_who_was_refused(autojump_clock: MockClock) -> None:
    client = "203.0.113.1"
    ours, theirs = open_memory_streams()
    ours.send("rubbish")
    async with twilio_reception() as reception:
        with capture_logs() as logs:
            await reception.receive_webhook(replace(forged(), client=client), LOCAL)
            reception.welcomes(replace(upgrade(None), client=client), LOCAL)
            await reception.serve_stream(theirs, upgrade=replace(upgrade(None), client=client))

    assert [(entry["event"], entry["peer"]) for entry in logs] == [
        ("webhook refused", client),
        ("stream refused", client),
        ("stream refused", client),
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


async def test_refused_streams_make_one_line_in_ten_seconds_that_counts_them(
    autojump_clock: MockClock,
) -> None:
    async with twilio_reception() as reception:
        with capture_logs() as logs:
            for _ in range(100):
                reception.welcomes(upgrade(None), "203.0.113.1")
                ours, theirs = open_memory_streams()
                ours.send("rubbish")
                await reception.serve_stream(theirs)
            await trio.sleep(10)
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

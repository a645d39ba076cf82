"""Calls that come to us: the policy, the greeting, the limits, and forged announcements."""

from dataclasses import replace

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent
from tests.switchboard.office import open_office
from voicecalld.call.record import CallState
from voicecalld.exchange.exchange import RingOrder
from voicecalld.exchange.notices import CallFacts  # noqa: F401
from voicecalld.ids import PhoneNumber
from voicecalld.phone_settings import PhoneScript, Step
from voicecalld.provider.http import Reply, Webhook

CALLER = "+15550177"
OURS = PhoneNumber("+15550000000")


def caller(from_: str = CALLER, say: str = "What time is it?") -> RingOrder:
    return RingOrder(from_=from_, to=OURS, script=PhoneScript(steps=(Step(say=say),)))


async def test_a_caller_is_greeted_and_answered(autojump_clock: MockClock) -> None:
    async with open_office(
        hears=("what time is it",), agent=ScriptedAgent("It is noon."), inbound_policy="open"
    ) as office:
        result = await office.exchange.ring(caller())

    (record,) = office.journal.latest().values()
    assert result.accepted
    assert (record.direction, record.from_number, record.to_number) == ("inbound", CALLER, OURS)
    assert record.state is CallState.HANGUP_USER
    assert [text for _, text, _ in office.said] == [
        "Hello! How can I help?",
        "what time is it",
        "It is noon.",
    ]


async def test_by_default_nobody_can_call(autojump_clock: MockClock) -> None:
    async with open_office() as office:
        result = await office.exchange.ring(caller())

    (record,) = office.journal.latest().values()
    assert not result.accepted
    assert record.state is CallState.HANGUP_BOT
    assert record.answered_unix_s is None
    assert office.journal.entries[-1].details["refused"] == "inbound_policy is disabled"
    assert record.end_cause == "inbound_policy is disabled"


async def test_the_log_tells_which_call_was_refused_and_why(autojump_clock: MockClock) -> None:
    async with open_office() as office:
        with capture_logs() as logs:
            await office.exchange.ring(caller())

    (record,) = office.journal.latest().values()
    (line,) = [line for line in logs if line["event"] == "inbound call refused"]
    assert line["call_id"] == record.call_id
    assert line["reason"] == "inbound_policy is disabled"


@pytest.mark.parametrize(
    ("number", "accepted"),
    [
        (CALLER, True),
        ("+15550178", False),
        ("+1555017", False),
        ("+155501770", False),
        ("15550177", False),
        ("", False),
        ("anonymous", False),
        ("+1555017\u0667", False),
        (CALLER + "\n", False),
    ],
)
async def test_the_allowlist_wants_the_very_same_number(
    number: str, accepted: bool, autojump_clock: MockClock
) -> None:
    async with open_office(inbound_policy="allowlist", allow_from=[CALLER]) as office:
        result = await office.exchange.ring(caller(number))

    assert result.accepted is accepted


async def test_a_caller_too_many_is_refused(autojump_clock: MockClock) -> None:
    async with (
        open_office(inbound_policy="open", limits={"max_concurrent_calls": 1}) as office,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(office.exchange.ring, caller())
        await office.wait_for("call.answered")

        result = await office.exchange.ring(caller("+15550199"))

        nursery.cancel_scope.cancel()
    assert not result.accepted


async def test_a_webhook_counts_once_and_is_answered_alike(autojump_clock: MockClock) -> None:
    seen: list[tuple[Webhook, Reply]] = []
    async with open_office(inbound_policy="open") as office:
        receive = office.reception.receive_webhook

        async def spy(webhook: Webhook, peer: str = "") -> Reply:
            reply = await receive(webhook)
            seen.append((webhook, reply))
            return reply

        office.reception.receive_webhook = spy  # type: ignore[method-assign]  # a wire tap
        await office.exchange.ring(caller())
        entries = len(office.journal.entries)

        answers = [await receive(webhook) for webhook, _ in seen]

    assert len(seen) >= 3
    assert answers == [reply for _, reply in seen]
    assert len(office.journal.entries) == entries


async def test_a_forged_webhook_is_refused_without_effect(autojump_clock: MockClock) -> None:
    seen: list[Webhook] = []
    async with open_office(inbound_policy="open") as office:
        receive = office.reception.receive_webhook

        async def tap(webhook: Webhook, peer: str = "") -> Reply:
            seen.append(webhook)
            return await receive(replace(webhook, body=webhook.body + b" "))

        office.reception.receive_webhook = tap  # type: ignore[method-assign]  # a wire tap
        with trio.move_on_after(60):
            await office.exchange.ring(caller())
        reply = await receive(replace(seen[0], body=seen[0].body + b" "))

    assert reply.status == 401
    assert office.journal.entries == []

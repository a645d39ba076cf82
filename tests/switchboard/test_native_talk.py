"""Whole calls in which Twilio's own voice speaks, and its own recogniser listens."""

import pytest
from trio.testing import MockClock

from tests.carriers.callee import build_callee
from tests.carriers.faults import Faults
from tests.fakes.agent_fakes import ScriptedAgent
from tests.fakes.speech_fakes import FakeSynthesizer
from tests.switchboard.carrier_office import CALLEE, CALLER, LETTER_S, OURS
from tests.switchboard.sayings import GOODBYE, TABLE
from tests.switchboard.twilio_office import documents, open_office
from voicecalld.agent.base import EndCall, SayText
from voicecalld.call.record import CallState, Mode, TurnLatency

DELAY_S = 3.0  # outbound.notify_hangup_delay_seconds


# --- notifications -----------------------------------------------------------------------


async def test_a_notification_goes_with_the_order_and_is_heard_once(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        record = await office.hold(TABLE, Mode.NOTIFY)

    assert record.state is CallState.HANGUP_BOT
    assert office.said == [("bot", TABLE, False)]
    assert office.entry.texts == [TABLE]
    assert office.entry.cut_texts == []
    assert b"Twiml=" in office.link.requests[0].body
    assert [event for event in office.events if event != "call.ignored"] == [
        "call.initiated",
        "call.placed",
        "call.ringing",
        "call.answered",
        "call.active",
        "call.speaking",
        "call.listening",
        "call.ended",
    ]


async def test_a_notification_hangs_up_after_the_delay_that_was_set(
    autojump_clock: MockClock,
) -> None:
    async with open_office(outbound={"notify_hangup_delay_seconds": 7}) as office:
        await office.hold(TABLE, Mode.NOTIFY)

    assert office.entry.lasted_s == pytest.approx(LETTER_S * len(TABLE) + 7, abs=0.1)


async def test_a_message_that_is_too_long_for_the_order_is_fetched(
    autojump_clock: MockClock,
) -> None:
    text = " ".join(["The quick brown fox jumps over the lazy dog."] * 100)

    async with open_office(voice=FakeSynthesizer(character_s=0.005)) as office:
        record = await office.hold(text, Mode.NOTIFY)

    assert record.state is CallState.HANGUP_BOT
    assert b"Twiml=" not in office.link.requests[0].body
    assert " ".join(office.entry.texts) == text
    assert office.entry.cut_texts == []
    assert office.said == [("bot", text, False)]
    assert office.entry.lasted_s == pytest.approx(0.005 * len(text) + DELAY_S, abs=0.2)


@pytest.mark.parametrize(
    "faults",
    [
        Faults(statuses_lost=("answered",)),
        Faults(statuses_lost=("initiated", "ringing", "answered", "completed")),
        Faults(statuses_late_s=0.5),
        Faults(statuses_late_s=30.0),
        Faults(statuses_reordered=True),
        Faults(webhooks_doubled=True),
        Faults(replies_lost=1),
    ],
    ids=["answer-lost", "all-lost", "late", "very-late", "reordered", "doubled", "reply-lost"],
)
async def test_a_notification_is_heard_once_whatever_happens_to_its_reports(
    faults: Faults, autojump_clock: MockClock
) -> None:
    async with open_office(faults=faults) as office:
        record = await office.hold(TABLE, Mode.NOTIFY)

    assert record.state is CallState.HANGUP_BOT
    assert office.entry.texts == [TABLE]
    assert office.said == [("bot", TABLE, False)]
    assert office.entry.lasted_s == pytest.approx(LETTER_S * len(TABLE) + DELAY_S, abs=0.2)


async def test_a_notification_of_which_nothing_can_be_said_ends_all_the_same(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        record = await office.hold("!!!", Mode.NOTIFY)
        await office.hold(TABLE, Mode.NOTIFY)

    assert record.state is CallState.HANGUP_BOT
    assert [entry.texts for entry in office.carrier.ledger.calls] == [[], [TABLE]]


async def test_a_notification_whose_end_is_never_reported_is_hung_up(
    autojump_clock: MockClock,
) -> None:
    async with open_office(complaints=(11200,)) as office:
        office.door.loses = lambda webhook: "turn=" in webhook.url
        record = await office.hold(TABLE, Mode.NOTIFY)

    assert record.state is CallState.HANGUP_USER  # Twilio ends what it has no document for
    assert office.said == [("bot", "Your table is", True)]


# --- conversations -----------------------------------------------------------------------


async def test_a_conversation_goes_back_and_forth_until_the_agent_says_goodbye(
    autojump_clock: MockClock,
) -> None:
    agent = ScriptedAgent("It is noon.", "You are welcome.", GOODBYE)
    steps = ({"say": "What time is it?"}, {"say": "Thank you."}, {"say": "Bye."})

    async with open_office(*steps, agent=agent) as office:
        record = await office.hold("Hello there.")

    assert record.state is CallState.HANGUP_BOT
    assert (record.direction, record.from_number, record.to_number) == ("outbound", OURS, CALLEE)
    assert office.said == [
        ("bot", "Hello there.", False),
        ("user", "What time is it?", False),
        ("bot", "It is noon.", False),
        ("user", "Thank you.", False),
        ("bot", "You are welcome.", False),
        ("user", "Bye.", False),
        ("bot", "Goodbye.", False),
    ]
    assert office.entry.texts == ["Hello there.", "It is noon.", "You are welcome.", "Goodbye."]
    assert office.entry.cut_texts == []
    assert [turn.text for turn in agent.turns] == ["What time is it?", "Thank you.", "Bye."]
    assert [turn.heard_before for turn in agent.turns] == office.entry.texts[:3]
    assert office.journal.entries[-1].details == {"reason": "hangup-bot"}


async def test_nobody_tells_when_they_have_spoken_so_an_answer_is_not_measured(
    autojump_clock: MockClock,
) -> None:
    agent = ScriptedAgent([SayText(text="It is noon."), EndCall()], delay_s=0.4)

    async with open_office({"say": "What time is it?"}, agent=agent) as office:
        await office.hold()

    (entry,) = [entry for entry in office.journal.entries if entry.event == "call.turn"]
    assert entry.latency == TurnLatency(turn=2, unix_s=entry.unix_s)
    assert entry.details == {"turn": 2}


async def test_a_caller_is_greeted_and_answered(autojump_clock: MockClock) -> None:
    caller = build_callee({"say": "What time is it?"}, {"say": "Thank you."})

    async with open_office(agent=ScriptedAgent("It is noon.", GOODBYE)) as office:
        record = await office.ring(caller)

    assert record.state is CallState.HANGUP_BOT
    assert (record.direction, record.from_number, record.to_number) == ("inbound", CALLER, OURS)
    assert record.answered_unix_s is not None
    assert office.said == [
        ("bot", "Hello! How can I help?", False),
        ("user", "What time is it?", False),
        ("bot", "It is noon.", False),
        ("user", "Thank you.", False),
        ("bot", "Goodbye.", False),
    ]
    assert office.entry.cut_texts == []


async def test_a_caller_who_is_not_allowed_costs_nothing(autojump_clock: MockClock) -> None:
    async with open_office(inbound_policy="disabled") as office:
        record = await office.ring(build_callee())

    assert record.state is CallState.HANGUP_BOT
    assert record.answered_unix_s is None
    assert office.entry.heard == b""
    assert documents(office) == [["Reject"]]


@pytest.mark.parametrize(
    "faults",
    [
        Faults(webhooks_doubled=True),
        Faults(statuses_late_s=3.0),
        Faults(statuses_late_s=60.0),
        Faults(statuses_reordered=True),
        Faults(statuses_lost=("initiated", "ringing", "answered", "completed")),
        Faults(replies_lost=2),
    ],
    ids=["doubled", "late", "very-late", "reordered", "lost", "reply-lost"],
)
async def test_a_conversation_is_the_same_whatever_happens_to_its_reports(
    faults: Faults, autojump_clock: MockClock
) -> None:
    agent = ScriptedAgent("It is noon.", GOODBYE)
    steps = ({"say": "What time is it?"}, {"say": "Thank you."})

    async with open_office(*steps, agent=agent, faults=faults) as office:
        record = await office.hold("Hello there.")

    assert record.state is CallState.HANGUP_BOT
    assert [text for _, text, _ in office.said] == [
        "Hello there.",
        "What time is it?",
        "It is noon.",
        "Thank you.",
        "Goodbye.",
    ]
    assert office.entry.texts == ["Hello there.", "It is noon.", "Goodbye."]
    assert len(agent.turns) == 2


# --- silence -----------------------------------------------------------------------------


async def test_a_silent_party_is_asked_once_and_then_given_up(autojump_clock: MockClock) -> None:
    async with open_office(turn={"silence_timeout_seconds": 12}) as office:
        record = await office.hold()

    assert record.state is CallState.TIMEOUT
    assert office.entry.texts == ["Hello.", "Are you still there?"]
    assert office.entry.cut_texts == []
    assert office.said == [("bot", "Hello.", False), ("bot", "Are you still there?", False)]
    assert office.entry.lasted_s == pytest.approx(24 + 4, abs=2)


async def test_a_party_that_speaks_after_the_question_goes_on(autojump_clock: MockClock) -> None:
    answer = {"say": "Just a moment.", "after_ms": 14_000}

    async with open_office(answer, turn={"silence_timeout_seconds": 12}) as office:
        record = await office.hold()

    assert record.state is CallState.TIMEOUT
    assert [text for _, text, _ in office.said] == [
        "Hello.",
        "Are you still there?",
        "Just a moment.",
        "All right.",
        "Are you still there?",
    ]

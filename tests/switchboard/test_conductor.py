"""Whole calls in which Telnyx, which asks nobody what to do, is told by commands."""

import math

import pytest
from structlog.testing import capture_logs
from trio.testing import MockClock

from tests.carriers.faults import Answering, Faults
from tests.fakes.agent_fakes import ScriptedAgent, ScriptedReply
from tests.fakes.speech_fakes import FakeSynthesizer
from tests.switchboard.carrier_office import CALLEE, LETTER_S, OURS, Office
from tests.switchboard.telnyx_office import open_office, post, refuse, verbs
from voicecalld.agent.base import EndCall, SayText
from voicecalld.call.record import CallState, Mode
from voicecalld.switchboard.native_steps import Step
from voicecalld.switchboard.performance import LATE_NEWS_S, MOST_SAID_CHARACTERS

TABLE = "Your table is ready."
DELAY_S = 3.0  # outbound.notify_hangup_delay_seconds
GOODBYE: ScriptedReply = [SayText(text="Good"), SayText(text="bye."), EndCall()]
BYE = {"say": "Bye."}


def texts_of(office: Office) -> list[str]:
    """What was said by either side."""
    return [text for _, text, _ in office.said]


# --- notifications -----------------------------------------------------------------------


async def test_a_notification_is_heard_once_and_hung_up_after_the_delay(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        record = await office.hold(TABLE, Mode.NOTIFY)

    assert record.state is CallState.HANGUP_BOT
    assert office.said == [("bot", TABLE, False)]
    assert office.entry.texts == [TABLE]
    assert office.entry.cut_texts == []
    assert office.entry.lasted_s == pytest.approx(LETTER_S * len(TABLE) + DELAY_S, abs=0.2)
    assert verbs(office) == ["calls", "speak", "hangup"]
    assert [event for event in office.events if event != "call.ignored"] == [
        "call.initiated",
        "call.placed",
        "call.answered",
        "call.active",
        "call.speaking",
        "call.listening",
        "call.ended",
    ]


@pytest.mark.parametrize(
    "faults",
    [
        Faults(statuses_lost=("call.initiated",)),
        Faults(statuses_lost=("call.hangup",)),
        Faults(statuses_late_s=1.0),
        Faults(webhooks_doubled=True),
        Faults(commands={"speak": (Answering.ERROR,)}),
        Faults(commands={"speak": (Answering.SILENCE,)}),
    ],
    ids=["initiated-lost", "end-lost", "late", "doubled", "answer-spoiled", "answer-lost"],
)
async def test_a_notification_is_heard_once_whatever_happens_to_its_reports(
    faults: Faults, autojump_clock: MockClock
) -> None:
    async with open_office(faults=faults) as office:
        record = await office.hold(TABLE, Mode.NOTIFY)

    assert record.state is CallState.HANGUP_BOT
    assert office.entry.texts == [TABLE]
    assert office.entry.cut_texts == []
    assert office.said == [("bot", TABLE, False)]


async def test_the_end_of_a_speech_that_is_never_told_is_waited_for_no_longer_than_it_can_take(
    autojump_clock: MockClock,
) -> None:
    async with open_office(faults=Faults(statuses_lost=("call.speak.ended",))) as office:
        record = await office.hold(TABLE, Mode.NOTIFY)

    assert record.state is CallState.HANGUP_BOT
    assert office.said == [("bot", TABLE, False)]
    longest_s = Step(say=TABLE).longest_s + LATE_NEWS_S + DELAY_S
    assert office.entry.lasted_s == pytest.approx(longest_s, abs=0.2)


async def test_an_answer_that_is_never_reported_is_hung_up_when_it_has_rung_for_too_long(
    autojump_clock: MockClock,
) -> None:
    async with open_office(
        ring_timeout_ms=20_000, faults=Faults(statuses_lost=("call.answered",))
    ) as office:
        record = await office.hold(TABLE, Mode.NOTIFY)

    assert record.state is CallState.NO_ANSWER
    assert verbs(office) == ["calls", "hangup"]


async def test_a_long_message_is_said_in_parts_one_after_the_other(
    autojump_clock: MockClock,
) -> None:
    text = " ".join(["The quick brown fox jumps over the lazy dog."] * 130)

    async with open_office(voice=FakeSynthesizer(character_s=0.005)) as office:
        record = await office.hold(text, Mode.NOTIFY)

    assert record.state is CallState.HANGUP_BOT
    assert " ".join(office.entry.texts) == text
    assert len(office.entry.texts) == math.ceil(len(text) / MOST_SAID_CHARACTERS)
    assert office.entry.cut_texts == []
    assert office.said == [("bot", text, False)]


async def test_a_notification_of_which_nothing_can_be_said_ends_all_the_same(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        record = await office.hold("!!!", Mode.NOTIFY)

    assert record.state is CallState.HANGUP_BOT
    assert office.entry.texts == []


async def test_a_carrier_that_will_not_speak_has_ended_the_call(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        refuse(office, "speak")
        with capture_logs() as logs:
            record = await office.hold(TABLE, Mode.NOTIFY)

    assert record.state is CallState.ERROR
    assert [text for text in texts_of(office) if text] == []
    assert verbs(office) == ["calls", "speak", "hangup"]
    (line,) = [line for line in logs if line["event"] == "call cannot go on"]
    assert "10015" in line["reason"]


async def test_a_command_that_comes_before_the_carrier_knows_of_the_answer_is_given_again(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        refuse(office, "speak", code="90034", count=2)
        record = await office.hold(TABLE, Mode.NOTIFY)

    assert record.state is CallState.HANGUP_BOT
    assert office.entry.texts == [TABLE]
    assert verbs(office) == ["calls", "speak", "speak", "speak", "hangup"]


# --- conversations -----------------------------------------------------------------------


async def test_a_conversation_goes_back_and_forth_until_the_agent_says_goodbye(
    autojump_clock: MockClock,
) -> None:
    agent = ScriptedAgent("It is noon.", "You are welcome.", GOODBYE)
    steps = ({"say": "What time is it?"}, {"say": "Thank you."}, BYE)

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
    assert [turn.heard_before for turn in agent.turns] == office.entry.texts[:3]
    turn = ["speak", "transcription_start", "transcription_stop"]
    assert verbs(office) == ["calls", *turn, *turn, *turn, "speak", "hangup"]


@pytest.mark.parametrize(
    "faults",
    [
        Faults(statuses_lost=("call.speak.ended",)),
        Faults(statuses_late_s=0.8),
        Faults(webhooks_doubled=True),
        Faults(transcripts_late_s=1.5),
        Faults(commands={"transcription_start": (Answering.ERROR,)}),
        Faults(commands={"transcription_stop": (Answering.ERROR,)}),
    ],
    ids=["end-lost", "late", "doubled", "words-late", "start-spoiled", "stop-spoiled"],
)
async def test_everything_is_said_and_understood_once_whatever_happens_to_the_reports(
    faults: Faults, autojump_clock: MockClock
) -> None:
    agent = ScriptedAgent("It is noon.", GOODBYE)
    steps = ({"say": "What time is it?"}, {"say": "Bye.", "after_ms": 1500})

    async with open_office(*steps, agent=agent, faults=faults) as office:
        record = await office.hold("Hello there.")

    assert record.state is CallState.HANGUP_BOT
    assert texts_of(office) == [
        "Hello there.",
        "What time is it?",
        "It is noon.",
        "Bye.",
        "Goodbye.",
    ]
    assert office.entry.texts == ["Hello there.", "It is noon.", "Goodbye."]


async def test_who_says_nothing_is_asked_and_then_given_up(autojump_clock: MockClock) -> None:
    async with open_office() as office:
        record = await office.hold("Hello there.")

    assert record.state is CallState.TIMEOUT
    assert texts_of(office) == ["Hello there.", "Are you still there?"]


async def test_everything_that_is_said_in_one_go_is_kept(autojump_clock: MockClock) -> None:
    agent = ScriptedAgent(GOODBYE)
    later = {"say": "a table for two.", "when": "answered", "after_ms": 3000}
    steps = ({"say": "I would like"}, later)

    async with open_office(*steps, agent=agent, turn={"endpoint_silence_ms": 1500}) as office:
        await office.hold()

    assert [turn.text for turn in agent.turns] == ["I would like a table for two."]


async def test_words_of_an_earlier_turn_that_come_late_are_not_taken_for_an_answer(
    autojump_clock: MockClock,
) -> None:
    agent = ScriptedAgent("It is noon, and the kitchen is open until ten.", GOODBYE)
    steps = ({"say": "What time is it?"}, {"say": "Thanks."})

    async with open_office(*steps, agent=agent) as office:
        call_id = await office.call("Hello there.")
        await office.wait_heard("It is noon, and the kitchen is open until ten.")
        late = {"transcript": "What time is", "is_final": True}
        assert await post(office, "call.transcription", "late", transcription_data=late) == 200
        await office.wait_over(call_id)

    assert [turn.text for turn in agent.turns] == ["What time is it?", "Thanks."]
    assert "What time is" in str(office.ignored)
    assert office.entry.cut_texts == []


async def test_words_that_nobody_listens_for_interrupt_no_notification_but_are_kept(
    autojump_clock: MockClock,
) -> None:
    async with open_office() as office:
        call_id = await office.call(TABLE, Mode.NOTIFY)
        await office.wait_heard(TABLE)
        words = {"transcript": "Hello?", "is_final": True}
        await post(office, "call.transcription", "stray", transcription_data=words)
        await office.wait_over(call_id)

    assert texts_of(office) == [TABLE]
    assert office.entry.cut_texts == []
    assert "Hello?" in str(office.ignored)


async def test_the_end_of_another_speech_does_not_end_this_one(autojump_clock: MockClock) -> None:
    async with open_office() as office:
        call_id = await office.call(TABLE, Mode.NOTIFY)
        await office.wait_heard(TABLE)
        state = "eyJjYWxsIjoiaWQtMSIsInR1cm4iOiI5OSJ9"  # {"call":"id-1","turn":"99"}
        await post(office, "call.speak.ended", "other", client_state=state, status="completed")
        await office.wait_over(call_id)

    assert office.entry.lasted_s == pytest.approx(LETTER_S * len(TABLE) + DELAY_S, abs=0.2)


async def test_a_recogniser_that_is_refused_leaves_the_keys(autojump_clock: MockClock) -> None:
    agent = ScriptedAgent(GOODBYE)

    async with open_office({"press": "7"}, agent=agent) as office:
        refuse(office, "transcription_start")
        with capture_logs() as logs:
            record = await office.hold()

    assert record.state is CallState.HANGUP_BOT
    assert [turn.digits for turn in agent.turns] == ["7"]
    assert "carrier did not obey" in [line["event"] for line in logs]

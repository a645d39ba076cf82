"""What is said over our words at a carrier that takes commands, and that a test scripts."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.fakes.scripted_link import ScriptedLink
from tests.switchboard.rehearsal import (
    DONE,
    LISTEN,
    REFUSED,
    TEXT,
    YES,
    Rehearsal,
    SlowLink,
    perform_of,
)
from voicecalld.call.words import Meaning
from voicecalld.errors import CarrierError, OutcomeUnknownError
from voicecalld.provider.base import KeyHeard, SpeechEnded, WordsHeard
from voicecalld.provider.http import HttpResponse
from voicecalld.switchboard.heard import Taken
from voicecalld.switchboard.native_steps import Step
from voicecalld.switchboard.performance import (
    LATE_WORDS_S,
    MOST_SAID_CHARACTERS,
    STOPPED_S,
)

STOP = WordsHeard(text="Stop, please.", is_final=True, turn="7")
SPOKEN = SpeechEnded(turn="7")


@asynccontextmanager
async def performing(rehearsal: Rehearsal, **parts: object) -> AsyncGenerator[None, None]:
    """Perform beside the block, and to the end."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(rehearsal.perform, perform_of(**parts))
        await trio.lowlevel.checkpoint()
        yield


async def test_who_speaks_over_us_is_listened_to_at_once(autojump_clock: MockClock) -> None:
    link = ScriptedLink(DONE)
    rehearsal = Rehearsal(link)

    async with performing(rehearsal, say=TEXT, listen=LISTEN):
        await trio.sleep(1.0)
        rehearsal.on_progress(STOP)
        await trio.sleep(0.2)
        rehearsal.on_progress(SPOKEN)

    assert link.verbs[:3] == ["speak", "transcription_start", "playback_stop"]
    assert trio.current_time() == pytest.approx(1.0 + LISTEN.end_s)
    assert rehearsal.told == []  # it was not spoken to its end
    (overheard,) = rehearsal.overheard
    assert (overheard.text, overheard.meaning) == ("Stop, please.", Meaning.INTERRUPTION)
    assert overheard.spoken_s == pytest.approx(1.0)
    assert rehearsal.heard.take(trio.current_time()) == Taken(text="Stop, please.", digits="")


async def test_what_they_go_on_to_say_is_part_of_it(autojump_clock: MockClock) -> None:
    rehearsal = Rehearsal(ScriptedLink(DONE))

    async with performing(rehearsal, say=TEXT, listen=LISTEN):
        await trio.sleep(1.0)
        rehearsal.on_progress(WordsHeard(text="I want", is_final=False, turn="7"))
        rehearsal.on_progress(WordsHeard(text="I want", is_final=True, turn="7"))
        await trio.sleep(0.5)
        rehearsal.on_progress(WordsHeard(text="okay", is_final=True, turn="7"))
        rehearsal.on_progress(KeyHeard(digit="1"))

    assert [piece.meaning for piece in rehearsal.overheard] == [Meaning.INTERRUPTION]
    assert rehearsal.heard.take(trio.current_time()) == Taken(text="I want okay", digits="1")


async def test_words_that_do_not_interrupt_are_noted_until_they_may_be_the_answer(
    autojump_clock: MockClock,
) -> None:
    link = ScriptedLink(DONE)
    rehearsal = Rehearsal(link)
    shortest_s = Step(say=TEXT).shortest_s

    async with performing(rehearsal, say=TEXT, listen=LISTEN):
        await trio.sleep(1.5)
        rehearsal.on_progress(WordsHeard(text="yea", is_final=False))
        rehearsal.on_progress(WordsHeard(text="Yeah.", is_final=True))
        rehearsal.on_progress(WordsHeard(text="Good evening", is_final=True))
        await trio.sleep(shortest_s - 1.4)
        rehearsal.on_progress(YES)
        await trio.sleep(0.1)
        rehearsal.on_progress(SPOKEN)

    assert [(piece.text, piece.meaning) for piece in rehearsal.overheard] == [
        ("Yeah.", Meaning.ASIDE),
        ("Good evening", Meaning.ECHO),
    ]
    assert rehearsal.heard.take(trio.current_time()) == Taken(text="Yes.", digits="")
    assert "playback_stop" not in link.verbs
    assert rehearsal.told == ["7"]


async def test_a_voice_that_is_slower_than_others_is_interrupted_as_well(
    autojump_clock: MockClock,
) -> None:
    link = ScriptedLink(DONE)
    rehearsal = Rehearsal(link)

    async with performing(rehearsal, say=TEXT, listen=LISTEN):
        await trio.sleep(Step(say=TEXT).shortest_s + 0.1)
        rehearsal.on_progress(STOP)

    assert "playback_stop" in link.verbs
    assert rehearsal.heard.take(trio.current_time()) == Taken(text="Stop, please.", digits="")


async def test_words_of_the_turn_before_do_not_interrupt_the_beginning_of_this_one(
    autojump_clock: MockClock,
) -> None:
    link = ScriptedLink(DONE)
    rehearsal = Rehearsal(link)
    rehearsal.heard.on_progress(WordsHeard(text="Stop, please.", is_final=True, unix_s=9.0), 0.0)
    rehearsal.heard.take(trio.current_time())

    async with performing(rehearsal, say=TEXT * 2, listen=LISTEN):
        rehearsal.on_progress(STOP)  # by what is said
        await trio.sleep(LATE_WORDS_S + 0.1)
        old = WordsHeard(text="Never mind.", is_final=True, turn="7", unix_s=8.0)
        rehearsal.on_progress(old)  # by its time
        before = list(rehearsal.overheard)
        rehearsal.on_progress(STOP)  # they say it again

    assert [piece.meaning for piece in before] == [Meaning.STRAY, Meaning.STRAY]
    assert [piece.meaning for piece in rehearsal.overheard[2:]] == [Meaning.INTERRUPTION]
    assert rehearsal.heard.take(trio.current_time()).text == "Stop, please."


async def test_nothing_interrupts_what_nobody_listens_behind(autojump_clock: MockClock) -> None:
    link = ScriptedLink(DONE)
    rehearsal = Rehearsal(link)

    async with performing(rehearsal, say=TEXT):
        await trio.sleep(1.0)
        rehearsal.on_progress(STOP)
        rehearsal.on_progress(SPOKEN)

    assert link.verbs == ["speak"]
    assert rehearsal.told == ["7"]
    assert [piece.meaning for piece in rehearsal.overheard] == [Meaning.STRAY]


async def test_a_text_in_parts_is_interrupted_in_any_of_them(autojump_clock: MockClock) -> None:
    link = ScriptedLink(DONE)
    rehearsal = Rehearsal(link)
    text = ("word " * (MOST_SAID_CHARACTERS // 5 + 10)).strip()

    async with performing(rehearsal, say=text, listen=LISTEN):
        await trio.sleep(10.0)
        rehearsal.on_progress(WordsHeard(text="Stop, please.", is_final=True, turn="7.0"))

    assert link.verbs[:3] == ["speak", "transcription_start", "playback_stop"]
    assert rehearsal.told == []


async def test_what_was_spoken_of_a_text_in_parts_counts_from_the_first(
    autojump_clock: MockClock,
) -> None:
    rehearsal = Rehearsal(ScriptedLink(DONE))
    text = ("word " * (MOST_SAID_CHARACTERS // 5 + 10)).strip()

    async with performing(rehearsal, say=text, listen=LISTEN):
        await trio.sleep(100.0)
        rehearsal.on_progress(SpeechEnded(turn="7.0"))
        await trio.sleep(1.0)
        rehearsal.on_progress(STOP)

    (overheard,) = rehearsal.overheard
    assert overheard.meaning is Meaning.INTERRUPTION
    assert overheard.spoken_s == pytest.approx(101.0)


@pytest.mark.parametrize("is_told", [True, False])
async def test_what_stops_the_voice_cannot_stop_what_is_said_next(
    is_told: bool, autojump_clock: MockClock
) -> None:
    link = SlowLink({"playback_stop": 3.0})
    rehearsal = Rehearsal(link)

    async with performing(rehearsal, say=TEXT, listen=LISTEN):
        await trio.sleep(1.0)
        rehearsal.on_progress(STOP)
        if is_told:
            rehearsal.on_progress(SPOKEN)
    await rehearsal.perform(perform_of(say="Well.", next_turn="8"))

    assert link.obeyed[-2:] == ["playback_stop", "speak"]
    assert link.asked_s[-1] == pytest.approx(1.0 + 3.0 + (0.0 if is_told else STOPPED_S))


@pytest.mark.parametrize(
    "answer", [REFUSED, OutcomeUnknownError("lost"), HttpResponse(status=503)]
)
async def test_a_voice_that_will_not_stop_hinders_nobody_from_listening(
    answer: HttpResponse | CarrierError, autojump_clock: MockClock
) -> None:
    rehearsal = Rehearsal(ScriptedLink(DONE, DONE, answer, DONE))

    async with performing(rehearsal, say=TEXT, listen=LISTEN):
        await trio.sleep(1.0)
        rehearsal.on_progress(STOP)
    await wait_all_tasks_blocked()

    assert rehearsal.heard.take(trio.current_time()).text == "Stop, please."


async def test_the_end_of_the_call_is_not_taken_for_that_of_an_interrupted_voice(
    autojump_clock: MockClock,
) -> None:
    rehearsal = Rehearsal(ScriptedLink(DONE))

    async with performing(rehearsal, say=TEXT, listen=LISTEN):
        await trio.sleep(1.0)
        rehearsal.on_progress(STOP)
        rehearsal.on_progress(SpeechEnded(turn="7", was_cut=True))  # as it may tell of a stop

    assert rehearsal.heard.take(trio.current_time()).text == "Stop, please."

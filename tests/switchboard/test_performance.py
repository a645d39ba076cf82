"""Pressing, speaking, pausing and listening by commands, at a carrier that a test scripts."""

import json

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.fakes.scripted_link import ScriptedLink
from tests.switchboard.rehearsal import (
    DONE,
    LISTEN,
    OVER,
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
from voicecalld.switchboard.carrier_leg import LegOverError
from voicecalld.switchboard.heard import Taken
from voicecalld.switchboard.native_steps import KEY_S, Step
from voicecalld.switchboard.performance import (
    LANDING_S,
    LATE_NEWS_S,
    MOST_SAID_CHARACTERS,
    STOPPED_S,
)


async def take(
    seconds: float, *answers: HttpResponse | CarrierError | None, **parts: object
) -> tuple[Rehearsal, ScriptedLink]:
    """Perform for so long at most."""
    link = ScriptedLink(*(answers or (DONE,)))
    rehearsal = Rehearsal(link)
    with trio.move_on_after(seconds):
        await rehearsal.perform(perform_of(**parts))
    return rehearsal, link


async def test_everything_is_done_in_order(autojump_clock: MockClock) -> None:
    link = ScriptedLink(DONE)
    rehearsal = Rehearsal(link)

    await rehearsal.perform(perform_of(press="12", say=TEXT, pause_s=2.0, listen=LISTEN))
    await wait_all_tasks_blocked()

    assert link.verbs == ["send_dtmf", "speak", "transcription_start", "transcription_stop"]
    pressed_s, spoken_s, listened_s, stopped_s = link.asked_s
    assert spoken_s - pressed_s == pytest.approx(2 * KEY_S)
    assert listened_s == pytest.approx(spoken_s)
    longest_s = Step(say=TEXT).longest_s + LATE_NEWS_S
    assert stopped_s - spoken_s == pytest.approx(longest_s + 2.0 + LISTEN.begin_s)


async def test_what_was_said_counts_as_spoken_when_that_is_told_or_must_be_so(
    autojump_clock: MockClock,
) -> None:
    told, lost = Rehearsal(ScriptedLink(DONE)), Rehearsal(ScriptedLink(DONE))
    longest_s = Step(say=TEXT).longest_s + LATE_NEWS_S

    async with trio.open_nursery() as nursery:
        nursery.start_soon(told.perform, perform_of(say=TEXT))
        nursery.start_soon(lost.perform, perform_of(say=TEXT))
        await trio.sleep(1)
        told.on_progress(SpeechEnded(turn="7"))
        lost.on_progress(SpeechEnded(turn="6"))
        await trio.sleep(longest_s - 1.1)
        before = (tuple(told.told), tuple(lost.told))

    assert before == (("7",), ())
    assert lost.told == ["7"]


async def test_words_that_the_end_of_the_call_has_cut_do_not_count_as_spoken(
    autojump_clock: MockClock,
) -> None:
    rehearsal = Rehearsal(ScriptedLink(DONE))

    with pytest.RaisesGroup(LegOverError):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(rehearsal.perform, perform_of(say=TEXT))
            await trio.sleep(1)
            rehearsal.on_progress(SpeechEnded(turn="7", was_cut=True))

    assert rehearsal.told == []
    assert trio.current_time() == pytest.approx(1.0)


async def test_of_a_text_in_parts_only_the_last_has_the_turn_token(
    autojump_clock: MockClock,
) -> None:
    text = "word " * (MOST_SAID_CHARACTERS // 5 + 10)

    rehearsal, link = await take(10_000, say=text.strip())

    states = [json.loads(request.body)["command_id"] for request in link.requests]
    assert link.verbs == ["speak", "speak"]
    assert len(set(states)) == 2
    assert rehearsal.told == ["7"]


async def test_without_a_recogniser_words_are_only_noted_but_keys_count(
    autojump_clock: MockClock,
) -> None:
    rehearsal = Rehearsal(ScriptedLink(DONE))

    rehearsal.on_progress(WordsHeard(text="Ye", is_final=False))
    rehearsal.on_progress(WordsHeard(text=" ", is_final=True))
    rehearsal.on_progress(YES)
    rehearsal.on_progress(KeyHeard(digit="1"))

    assert [(piece.text, piece.meaning) for piece in rehearsal.overheard] == [
        ("Yes.", Meaning.STRAY)
    ]
    assert rehearsal.heard.take(trio.current_time()) == Taken(text="", digits="1")


@pytest.mark.parametrize("answer", [OutcomeUnknownError("lost"), HttpResponse(status=503), None])
async def test_words_of_which_nobody_knows_are_waited_for(
    answer: HttpResponse | CarrierError | None, autojump_clock: MockClock
) -> None:
    with capture_logs() as logs:
        rehearsal, link = await take(60, answer, say=TEXT)

    assert link.verbs == ["speak"]
    assert rehearsal.told == ["7"]
    assert [line["event"] for line in logs] == ["carrier may not have obeyed"]


async def test_words_that_are_refused_cannot_be_done_without(autojump_clock: MockClock) -> None:
    with pytest.raises(CarrierError, match="the words"):
        await take(60, REFUSED, say=TEXT)


@pytest.mark.parametrize("parts", [{"press": "1"}, {"say": TEXT}, {"listen": LISTEN}])
async def test_nothing_is_done_on_a_call_that_is_over(
    parts: dict[str, object], autojump_clock: MockClock
) -> None:
    with pytest.raises(LegOverError):
        await take(60, OVER, **parts)


@pytest.mark.parametrize("parts", [{"press": "1"}, {"listen": LISTEN}])
async def test_keys_and_ears_can_be_done_without(
    parts: dict[str, object], autojump_clock: MockClock
) -> None:
    with capture_logs() as logs:
        rehearsal, _ = await take(60, REFUSED, **parts)

    assert rehearsal.heard.is_empty
    assert {line["log_level"] for line in logs} == {"warning"}


async def test_breaking_off_stops_whatever_is_being_done(autojump_clock: MockClock) -> None:
    rehearsal, link = await take(1.0, say=TEXT, listen=LISTEN)
    before = len(link.requests)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(rehearsal.break_off)
        await trio.sleep(0.2)
        rehearsal.on_progress(SpeechEnded(turn="7"))
    await wait_all_tasks_blocked()

    assert link.verbs[before:] == ["playback_stop", "transcription_stop"]
    assert link.asked_s[-1] - link.asked_s[-2] == pytest.approx(0.2)
    assert (rehearsal.saying, rehearsal.listening) == (None, None)


async def test_a_voice_whose_end_is_not_told_holds_nothing_up_for_long(
    autojump_clock: MockClock,
) -> None:
    rehearsal, _ = await take(1.0, say=TEXT)
    began_s = trio.current_time()

    await rehearsal.break_off()

    assert trio.current_time() - began_s == pytest.approx(1.0)


async def test_breaking_off_asks_for_nothing_where_nothing_is_done(
    autojump_clock: MockClock,
) -> None:
    rehearsal, link = await take(60, say=TEXT)
    rehearsal.on_progress(SpeechEnded(turn="7"))

    await rehearsal.break_off()

    assert link.verbs == ["speak"]


async def test_a_voice_that_may_still_be_speaking_is_stopped(autojump_clock: MockClock) -> None:
    rehearsal, link = await take(60, say=TEXT)

    await rehearsal.break_off()

    assert link.verbs == ["speak", "playback_stop"]


async def test_what_stops_a_voice_does_not_overtake_what_has_begun_it(
    autojump_clock: MockClock,
) -> None:
    link = SlowLink({"speak": 2.5})
    rehearsal = Rehearsal(link)
    with trio.move_on_after(1):
        await rehearsal.perform(perform_of(say=TEXT))

    await rehearsal.break_off()

    assert link.obeyed == ["speak", "playback_stop"]


async def test_a_command_that_is_never_answered_is_not_waited_for_for_ever(
    autojump_clock: MockClock,
) -> None:
    link = SlowLink({"speak": 100.0})
    rehearsal = Rehearsal(link)
    with trio.move_on_after(1):
        await rehearsal.perform(perform_of(say=TEXT))
    began_s = trio.current_time()

    await rehearsal.break_off()

    assert link.obeyed == ["playback_stop"]
    assert trio.current_time() - began_s <= LANDING_S + STOPPED_S


async def test_words_count_as_spoken_from_when_the_carrier_has_taken_them(
    autojump_clock: MockClock,
) -> None:
    rehearsal = Rehearsal(SlowLink({"speak": 2.5, "transcription_start": 2.0}))
    began_s = trio.current_time()

    await rehearsal.perform(perform_of(say=TEXT, listen=LISTEN))

    lasted_s = trio.current_time() - began_s - LISTEN.begin_s
    assert lasted_s == pytest.approx(2.5 + Step(say=TEXT).longest_s + LATE_NEWS_S)


async def test_a_recogniser_that_is_slow_to_start_loses_no_answer(
    autojump_clock: MockClock,
) -> None:
    rehearsal = Rehearsal(SlowLink({"transcription_start": 4.0}))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(rehearsal.perform, perform_of(say=TEXT, listen=LISTEN))
        await trio.sleep(Step(say=TEXT).shortest_s + 0.1)
        rehearsal.on_progress(SpeechEnded(turn="7"))
        rehearsal.on_progress(YES)

    assert rehearsal.heard.take(trio.current_time()) == Taken(text="Yes.", digits="")


async def test_the_end_of_listening_holds_nobody_up_but_the_next_listening(
    autojump_clock: MockClock,
) -> None:
    link = SlowLink({"transcription_stop": 2.0})
    rehearsal = Rehearsal(link)
    began_s = trio.current_time()

    await rehearsal.perform(perform_of(listen=LISTEN))
    over_s = trio.current_time()
    await rehearsal.perform(perform_of(listen=LISTEN))

    assert over_s - began_s == pytest.approx(LISTEN.begin_s)
    assert link.obeyed == ["transcription_start", "transcription_stop", "transcription_start"]
    assert link.asked_s[2] - over_s == pytest.approx(2.0)


async def test_words_of_an_earlier_turn_are_no_words_of_this_one(
    autojump_clock: MockClock,
) -> None:
    link = ScriptedLink(DONE)
    rehearsal = Rehearsal(link)
    old = WordsHeard(text="No.", is_final=True, turn="6")
    new = WordsHeard(text="Yes.", is_final=True, turn="7")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(rehearsal.perform, perform_of(listen=LISTEN))
        await trio.sleep(1)
        rehearsal.on_progress(old)
        rehearsal.on_progress(new)

    assert rehearsal.heard.take(trio.current_time()) == Taken(text="Yes.", digits="")
    assert [(piece.text, piece.meaning) for piece in rehearsal.overheard] == [
        ("No.", Meaning.STRAY)
    ]

"""From when to when everybody spoke, as the journal of a whole call has it."""

import pytest
from trio.testing import MockClock

from tests.fakes.agent_fakes import ScriptedAgent
from tests.switchboard.office import open_office
from voicecalld.call.record import Entry, Speaker, Utterance


def utterances(entries: list[Entry]) -> list[Utterance]:
    return [entry.utterance for entry in entries if entry.utterance is not None]


def lasted_s(said: Utterance) -> float:
    assert said.ended_unix_s is not None
    return said.ended_unix_s - said.unix_s


async def test_everybodys_words_end_when_their_voice_does(autojump_clock: MockClock) -> None:
    steps = [{"say": "What time is it?"}]

    async with open_office(
        phone={"steps": steps}, hears=("what time is it",), agent=ScriptedAgent("It is noon.")
    ) as office:
        await office.wait_over(await office.call())

    greeting, question, answer = utterances(office.journal.entries)
    (turn,) = [entry.latency for entry in office.journal.entries if entry.latency]
    assert [said.speaker for said in (greeting, question, answer)] == [
        Speaker.BOT, Speaker.USER, Speaker.BOT,
    ]  # fmt: skip
    assert all(lasted_s(said) > 0.3 for said in (greeting, question, answer))
    assert (greeting.ended_unix_s or 0.0) <= question.unix_s
    # Stages count from the end of the question, and the answer begins with its first frame.
    assert turn.speech_ended_unix_s == pytest.approx(question.ended_unix_s, abs=0.05)
    assert turn.first_frame_s is not None
    begins_s = (question.ended_unix_s or 0.0) + turn.first_frame_s
    assert answer.unix_s == pytest.approx(begins_s, abs=0.05)

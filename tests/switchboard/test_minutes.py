import pytest

from tests.switchboard.journalling import make_record
from voicecalld.call.commands import CallerTiming
from voicecalld.call.latency import TurnClock
from voicecalld.call.record import Entry
from voicecalld.switchboard.minutes import MAX_UNTRANSCRIBED, Minutes
from voicecalld.switchboard.notes import Notes

UNIX_S = 1_800_000_000.0


@pytest.fixture
def entries() -> list[Entry]:
    return []


@pytest.fixture
def minutes(entries: list[Entry]) -> Minutes:
    return Minutes(Notes(make_record(), entries.append, lambda: UNIX_S))


def speak(minutes: Minutes, utterance: int, began_s: float, ended_s: float | None = None) -> None:
    minutes.on_voice(began_s)
    minutes.on_utterance_begun()
    if ended_s is not None:
        minutes.on_voice_over(ended_s)
    minutes.on_utterance_over(utterance)


def test_words_are_dated_by_the_beginning_of_their_utterance(
    minutes: Minutes, entries: list[Entry]
) -> None:
    speak(minutes, 1, 10.0)
    speak(minutes, 2, 12.0)

    minutes.on_words(1, "Hello", 15.0)
    minutes.on_words(2, "there", 15.0)

    assert [entry.utterance.unix_s - UNIX_S for entry in entries if entry.utterance] == [-5, -3]


def test_utterances_without_words_are_not_kept_for_ever(minutes: Minutes) -> None:
    for utterance in range(1, 1000):
        speak(minutes, utterance, float(utterance))

    assert len(minutes.spans) == MAX_UNTRANSCRIBED
    assert max(minutes.spans) == 999


def test_words_of_which_nothing_is_known_any_more_are_dated_now(
    minutes: Minutes, entries: list[Entry]
) -> None:
    minutes.on_words(1, "Hello", 15.0)

    (entry,) = entries
    assert entry.utterance is not None
    assert entry.utterance.unix_s == UNIX_S
    assert entry.utterance.ended_unix_s is None


def test_words_end_with_the_voice_and_not_when_they_are_known(
    minutes: Minutes, entries: list[Entry]
) -> None:
    speak(minutes, 1, 10.0, ended_s=11.5)
    speak(minutes, 2, 12.0)  # a voice that has not stopped yet

    minutes.on_words(1, "Hello", 15.0)
    minutes.on_words(2, "there", 15.0)

    ends = [entry.utterance.ended_unix_s for entry in entries if entry.utterance]
    assert ends == [UNIX_S - 3.5, None]


def test_our_words_last_from_their_first_frame_until_the_turn_is_over(
    minutes: Minutes, entries: list[Entry]
) -> None:
    timing = CallerTiming(speech_ended_s=18.0, endpointed_s=18.7, transcribed_s=18.8)
    minutes.begin_answer(TurnClock(2, timing))
    minutes.on_first_frame(2, 20.0)

    minutes.on_heard("It is noon.", 23.0, interrupted=True)

    said, answered = entries
    assert said.utterance is not None
    assert said.utterance.unix_s == UNIX_S - 3
    assert said.utterance.ended_unix_s == UNIX_S
    assert answered.latency is not None
    assert answered.latency.speech_ended_unix_s == UNIX_S - 5


def ignored(entries: list[Entry]) -> list[object]:
    return [entry.details["what"] for entry in entries if entry.event == "call.ignored"]


def test_the_first_malformed_message_of_a_stream_is_noted_and_the_others_are_counted(
    minutes: Minutes, entries: list[Entry]
) -> None:
    for _ in range(3):
        minutes.on_bad_message()
    assert ignored(entries) == ["malformed media message"]

    minutes.on_line_over()

    assert ignored(entries)[1:] == ["malformed media message, 3 in all"]


def test_a_single_malformed_message_is_noted_once_for_each_stream(
    minutes: Minutes, entries: list[Entry]
) -> None:
    for _ in range(2):
        minutes.on_bad_message()
        minutes.on_line_over()

    assert ignored(entries) == ["malformed media message"] * 2


def test_a_stream_without_malformed_messages_leaves_no_note(
    minutes: Minutes, entries: list[Entry]
) -> None:
    minutes.on_line_over()

    assert entries == []

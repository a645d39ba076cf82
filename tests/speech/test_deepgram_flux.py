import json

import pytest

from voicecalld.errors import BadMessageError, ServiceError
from voicecalld.speech.deepgram_flux import CHUNK_BYTES, NO_WORDS_S, WORDS_S, FluxDialogue

SECOND = b"\x10" * 8000


def info(event: str, turn: int, text: str, end: float, /, **more: object) -> str:
    fields = {
        "type": "TurnInfo",
        "event": event,
        "turn_index": turn,
        "transcript": text,
        "audio_window_end": end,
    }
    return json.dumps(fields | more)


def test_it_is_ready_when_the_service_says_so() -> None:
    dialogue = FluxDialogue()
    assert not dialogue.is_ready
    dialogue.receive('{"type": "Connected"}')

    assert dialogue.is_ready


def test_sound_goes_out_in_pieces_of_80_ms_and_the_rest_at_an_end() -> None:
    dialogue = FluxDialogue()

    assert dialogue.sound(bytes(CHUNK_BYTES - 1)) == ()
    assert dialogue.sound(b"ab") == (bytes(CHUNK_BYTES - 1) + b"ab",)
    dialogue.sound(b"c")
    assert dialogue.end(1) == (b"c",)
    assert dialogue.end(2) == ()


@pytest.mark.parametrize("event", ["EndOfTurn", "EagerEndOfTurn"])
def test_a_turn_that_ended_before_our_utterance_is_known_at_once(event: str) -> None:
    dialogue = FluxDialogue()
    dialogue.sound(SECOND)
    dialogue.receive(info(event, 0, "hello", 0.8))
    dialogue.end(1)

    assert dialogue.text(1) == "hello"


def test_a_turn_that_was_resumed_is_waited_for() -> None:
    dialogue = FluxDialogue()
    dialogue.sound(SECOND)
    dialogue.receive(info("EagerEndOfTurn", 0, "hello", 0.5))
    dialogue.receive(info("TurnResumed", 0, "hello", 0.7))
    dialogue.end(1)
    assert (dialogue.text(1), dialogue.best(1), dialogue.patience_s(1)) == (None, "hello", WORDS_S)
    dialogue.receive(info("EndOfTurn", 0, "hello there", 1.2))

    assert dialogue.text(1) == "hello there"


def test_two_of_its_turns_can_be_one_utterance_and_one_turn_two() -> None:
    dialogue = FluxDialogue()
    dialogue.sound(SECOND)
    dialogue.receive(info("EndOfTurn", 0, "one", 0.4))
    dialogue.receive(info("StartOfTurn", 1, "two", 0.6))
    dialogue.end(1)
    dialogue.receive(info("Update", 1, "two three", 1.0))
    dialogue.sound(SECOND)
    dialogue.end(2)
    dialogue.receive(info("EndOfTurn", 1, "two three four", 2.0))

    assert [dialogue.text(1), dialogue.text(2)] == ["one two three", "four"]


def test_messages_that_are_late_or_doubled_are_dropped() -> None:
    dialogue = FluxDialogue()
    dialogue.sound(SECOND)
    dialogue.receive(info("EndOfTurn", 1, "new", 0.5, sequence_id=5))
    dialogue.receive(info("EndOfTurn", 1, "doubled", 0.5, sequence_id=5))
    dialogue.receive(info("EndOfTurn", 0, "old", 0.5, sequence_id=6))
    dialogue.end(1)

    assert dialogue.text(1) == "new"


def test_what_is_dropped_takes_its_words_with_it() -> None:
    dialogue = FluxDialogue()
    dialogue.sound(SECOND)
    dialogue.drop()
    dialogue.sound(SECOND)
    dialogue.end(1)
    dialogue.receive(info("EndOfTurn", 0, "cough", 0.9))
    assert dialogue.text(1) is None
    dialogue.receive(info("EndOfTurn", 1, "hello", 1.9))

    assert dialogue.text(1) == "hello"


def test_what_was_given_up_on_took_the_words_that_were_known() -> None:
    dialogue = FluxDialogue()
    dialogue.sound(SECOND)
    dialogue.end(1)
    assert (dialogue.is_answered(1), dialogue.patience_s(1)) == (False, NO_WORDS_S)
    dialogue.receive(info("Update", 0, "one", 0.5))
    assert dialogue.best(1) == "one"
    dialogue.forget(1)
    dialogue.sound(SECOND)
    dialogue.end(2)
    dialogue.receive(info("EndOfTurn", 0, "one two", 2.0))

    assert dialogue.text(2) == "two"
    assert dialogue.best(2) == "two"
    assert dialogue.is_answered(2)


def test_what_was_no_word_is_known_to_be_none_once_flux_has_heard_further() -> None:
    dialogue = FluxDialogue()
    dialogue.sound(SECOND)
    dialogue.end(1)
    dialogue.receive(info("Update", 0, "", 1.0))

    assert (dialogue.text(1), dialogue.is_answered(1)) == ("", True)


def test_its_keep_alive_is_silence() -> None:
    dialogue = FluxDialogue()

    assert dialogue.keep_alive() == (b"\xff" * CHUNK_BYTES,)


@pytest.mark.parametrize(
    "message",
    [
        "{",
        "{}",
        b"\0",
        info("Explosion", 0, "a", 1),
        info("Update", -1, "a", 1),
        info("Update", 0, "a", float("inf")),
        info("Update", 0, "a", 1, transcript=7),
    ],
)
def test_garbage_changes_nothing(message: str | bytes) -> None:
    dialogue = FluxDialogue()
    dialogue.sound(SECOND)
    dialogue.end(1)

    with pytest.raises(BadMessageError):
        dialogue.receive(message)
    assert dialogue.best(1) == ""


def test_unknown_messages_are_ignored_and_an_error_ends_the_connection() -> None:
    dialogue = FluxDialogue()
    dialogue.receive('{"type": "ConfigureSuccess"}')

    with pytest.raises(ServiceError, match="INTERNAL"):
        dialogue.receive('{"type": "Error", "code": "INTERNAL"}')


def test_what_is_being_said_can_be_guessed_at_as_it_grows() -> None:
    dialogue = FluxDialogue()
    dialogue.sound(SECOND)
    dialogue.receive(info("StartOfTurn", 0, "I", 0.4, sequence_id=1))
    dialogue.receive(info("Update", 0, "I want", 0.8, sequence_id=2))
    dialogue.receive(info("Update", 0, "late", 0.6, sequence_id=1))

    assert dialogue.guess() == "I want"


def test_nothing_is_guessed_at_while_words_of_before_may_come() -> None:
    dialogue = FluxDialogue()
    dialogue.sound(SECOND)
    dialogue.end(1)
    dialogue.sound(SECOND)
    dialogue.receive(info("Update", 0, "old", 0.8))
    assert dialogue.guess() == ""
    dialogue.receive(info("EndOfTurn", 0, "old words", 1.0))
    dialogue.receive(info("Update", 1, "new", 1.8))

    assert (dialogue.text(1), dialogue.guess()) == ("old words", "new")

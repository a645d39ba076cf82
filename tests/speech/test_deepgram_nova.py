import json

import pytest

from voicecalld.errors import BadMessageError, ServiceError
from voicecalld.speech.deepgram_nova import FINALIZE, HAD_ENDED_S, NovaDialogue
from voicecalld.speech.dialogue import NO_WORDS_S, WORDS_S

SECOND = b"\x10" * 8000


def result(text: str, start: float, end: float, /, **more: object) -> str:
    fields = {
        "type": "Results",
        "start": start,
        "duration": end - start,
        "is_final": True,
        "channel": {"alternatives": [{"transcript": text}]},
    }
    return json.dumps(fields | more)


def two_utterances() -> NovaDialogue:
    """A dialogue with the utterances 1, from 0 to 1 s, and 2, from 1 to 3 s."""
    dialogue = NovaDialogue()
    dialogue.sound(SECOND)
    dialogue.end(1)
    dialogue.sound(SECOND * 2)
    dialogue.end(2)
    return dialogue


def test_the_end_of_an_utterance_asks_for_its_words() -> None:
    dialogue = NovaDialogue()

    assert dialogue.sound(b"ab") == (b"ab",)
    assert dialogue.end(1) == (FINALIZE,)
    assert dialogue.sound(b"") == ()


def test_words_belong_to_the_utterance_in_whose_sound_they_are() -> None:
    dialogue = two_utterances()
    for message in (result("one", 0, 1), result("two", 1, 2), result("three", 2, 3)):
        dialogue.receive(message)

    assert [dialogue.text(1), dialogue.text(2)] == ["one", "two three"]


def test_results_out_of_order_and_doubled_give_the_words_once_and_in_order() -> None:
    dialogue = two_utterances()
    dialogue.receive(result("three", 2, 3, from_finalize=True))
    assert dialogue.text(2) is None
    for _ in range(2):
        dialogue.receive(result("two", 1, 2))
        dialogue.receive(result("one", 0, 1))

    assert [dialogue.text(1), dialogue.text(2)] == ["one", "two three"]


def test_the_late_words_of_an_utterance_that_was_given_up_are_nobody_s() -> None:
    dialogue = two_utterances()
    dialogue.forget(1)
    dialogue.receive(result("one", 0, 1))
    dialogue.receive(result("two", 1, 3))

    assert [dialogue.best(1), dialogue.text(2)] == ["", "two"]


def test_what_is_dropped_has_no_words_and_keeps_its_place() -> None:
    dialogue = NovaDialogue()
    dialogue.sound(SECOND)
    dialogue.drop()
    dialogue.sound(SECOND)
    dialogue.end(1)
    dialogue.receive(result("cough", 0, 1))
    dialogue.receive(result("", 1, 1, from_finalize=True))
    assert dialogue.text(1) is None
    dialogue.receive(result("hello", 1, 2))

    assert dialogue.text(1) == "hello"


def test_until_all_is_final_the_best_is_what_was_said_for_the_time_being() -> None:
    dialogue = two_utterances()
    dialogue.receive(result("to", 1, 1.5, is_final=False))
    dialogue.receive(result("two", 1, 2))
    dialogue.receive(result("thr", 2, 2.5, is_final=False))

    assert dialogue.text(2) is None
    assert dialogue.best(2) == "two thr"


def test_patience_is_short_when_nothing_is_to_come() -> None:
    dialogue = two_utterances()
    assert dialogue.patience_s(2) == NO_WORDS_S
    dialogue.receive(result("two", 1, 2))
    assert dialogue.patience_s(2) == WORDS_S
    dialogue.receive(result("three", 2, 2.5, speech_final=True))
    assert dialogue.patience_s(2) == HAD_ENDED_S
    dialogue.receive(result("four", 2.5, 2.7))

    assert dialogue.patience_s(2) == WORDS_S


@pytest.mark.parametrize(
    "message",
    [
        "",
        "[]",
        b"\0",
        "{}",
        '{"type": "Results"}',
        result("a", 0, 1, start="0"),
        result("a", 0, 1, start=-1),
        result("a", 0, 1, duration=True),
        result("a", 0, 1, start=float("nan")),
        result("a", 0, 1, channel={"alternatives": [{"transcript": 7}]}),
        result("\ud800", 0, 1),
    ],
)
def test_garbage_changes_nothing(message: str | bytes) -> None:
    dialogue = two_utterances()

    with pytest.raises(BadMessageError):
        dialogue.receive(message)
    assert dialogue.best(1) == ""


def test_unknown_messages_are_ignored_and_an_error_ends_the_connection() -> None:
    dialogue = NovaDialogue()
    dialogue.receive('{"type": "Metadata"}')

    with pytest.raises(ServiceError, match="unnamed"):
        dialogue.receive('{"type": "Error", "variant": "words of a caller"}')


def test_what_is_being_said_can_be_guessed_at_and_final_words_supersede_others() -> None:
    dialogue = NovaDialogue()
    dialogue.sound(SECOND * 2)
    dialogue.receive(result("I", 0, 1, is_final=False))
    assert dialogue.guess() == "I"
    dialogue.receive(result("I want", 0, 1))
    dialogue.receive(result("a", 1, 2, is_final=False))

    assert dialogue.guess() == "I want a"


def test_late_results_of_what_was_said_before_are_no_guess_at_what_is_said_now() -> None:
    dialogue = NovaDialogue()
    dialogue.sound(SECOND)
    dialogue.end(1)
    dialogue.sound(SECOND)
    dialogue.receive(result("old", 0, 1, is_final=False))
    dialogue.receive(result("old", 0, 1))
    assert dialogue.guess() == ""
    dialogue.receive(result("new", 1, 2, is_final=False))

    assert (dialogue.text(1), dialogue.guess()) == ("old", "new")

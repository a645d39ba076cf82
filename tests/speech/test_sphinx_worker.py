"""The hearing program's own functions."""

import base64

import pytest

from tests.sound import spoken
from voicecalld.audio.frame import MULAW_SILENCE
from voicecalld.errors import BadMessageError
from voicecalld.speech.framing import Request
from voicecalld.speech.phrase_grammar import build_grammar
from voicecalld.speech.sphinx_worker import load, to_model_sound
from voicecalld.speech.worker_program import AnswerFunction

GRAMMAR = build_grammar([("what", "time", "is", "it"), ("yes", "please")])
OTHER_GRAMMAR = build_grammar([("thank", "you", "very", "much")])


@pytest.fixture(scope="module")
def answer() -> AnswerFunction:
    return load()


def words_in(answer: AnswerFunction, mulaw: bytes, grammar: str = GRAMMAR) -> object:
    audio = base64.b64encode(MULAW_SILENCE * 2400 + mulaw + MULAW_SILENCE * 5600).decode()
    return answer(Request(number=1, fields={"grammar": grammar, "audio": audio})).fields["words"]


def test_a_sentence_of_the_grammar_is_heard(answer: AnswerFunction) -> None:
    assert words_in(answer, spoken("what time is it")) == "what time is it"


def test_a_sentence_that_any_sound_would_explain_better_is_not_heard(
    answer: AnswerFunction,
) -> None:
    assert words_in(answer, spoken("the weather in London is terrible this week")) == ""


def test_silence_has_no_words(answer: AnswerFunction) -> None:
    assert words_in(answer, b"") == ""


def test_the_grammar_of_the_latest_request_decides(answer: AnswerFunction) -> None:
    sound = spoken("thank you very much")

    assert words_in(answer, sound) == ""
    assert words_in(answer, sound, OTHER_GRAMMAR) == "thank you very much"
    assert words_in(answer, sound) == ""


def test_the_same_sound_has_the_same_words_every_time() -> None:
    assert to_model_sound(spoken("yes please")) == to_model_sound(spoken("yes please"))


def test_a_request_to_do_anything_else_is_refused(answer: AnswerFunction) -> None:
    with pytest.raises(BadMessageError):
        answer(Request(number=1, fields={"grammar": GRAMMAR}))

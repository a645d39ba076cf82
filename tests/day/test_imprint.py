"""Words that are written into sound, and read from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.day.imprint import HeardWord, imprint, read_pieces, read_words
from tests.sound import spoken
from voicecalld.audio.activity import SileroModel, SpeechBegan, VoiceActivity
from voicecalld.audio.frame import FRAME_BYTES, SILENT_FRAME
from voicecalld.audio.tones import beep

WORDS = st.text(st.characters(codec="ascii", exclude_characters="\0"), min_size=1, max_size=15)


@given(sound=st.binary(min_size=1, max_size=5 * FRAME_BYTES), word=WORDS)
def test_a_word_can_be_read_from_whatever_sound_it_was_written_into(
    sound: bytes, word: str
) -> None:
    (heard,) = read_words(imprint(sound, word))

    assert heard == HeardWord(
        text=word, began=0, ended=-(-len(sound) // FRAME_BYTES), is_whole=True
    )


def test_a_word_that_was_cut_is_not_whole() -> None:
    sound = imprint(beep(440, 100), "hello")

    (at_its_end,) = read_words(sound[:-FRAME_BYTES])
    (at_its_beginning,) = read_words(sound[FRAME_BYTES:])

    assert not at_its_end.is_whole
    assert not at_its_beginning.is_whole


def test_the_same_word_said_twice_is_two_words() -> None:
    sound = imprint(beep(440, 100), "no") * 2

    assert [word.text for word in read_words(sound)] == ["no", "no"]


def test_sound_without_words_says_nothing() -> None:
    assert read_pieces(spoken("Hello.") + SILENT_FRAME) == [None] * (
        len(spoken("Hello.") + SILENT_FRAME) // FRAME_BYTES
    )


def test_speech_with_words_in_it_is_still_speech_to_the_detector() -> None:
    sound = imprint(spoken("Good evening."), "evening")

    changes = VoiceActivity(SileroModel()).feed(sound)

    assert isinstance(changes[0], SpeechBegan)


def test_a_word_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="15 bytes"):
        imprint(SILENT_FRAME, "incomprehensible")

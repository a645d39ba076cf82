"""What was said on a line, as it can be read from its sound."""

from tests.day.imprint import imprint
from tests.day.line_words import describe_line
from tests.day.tap import Recording
from voicecalld.audio.frame import FRAME_BYTES
from voicecalld.audio.tones import beep, silence


def words(*texts: str) -> bytes:
    return b"".join(imprint(beep(440, 200), text) for text in texts)


def test_what_is_said_over_the_other_side_is_told_as_that() -> None:
    recording = Recording(
        heard=bytearray(words("Good", "evening.") + silence(400)),
        said=bytearray(silence(300) + words("Hello?") + silence(300)),
    )

    notes = describe_line(recording)

    assert [(note.at_s, note.text) for note in notes] == [
        (0.0, "we: Good evening."),
        (0.3, "they (over us): Hello?"),
    ]


def test_whoever_pauses_for_long_begins_anew() -> None:
    said = words("Well") + silence(300) + words("then") + silence(500) + words("Goodbye.")

    notes = describe_line(Recording(said=bytearray(said)))

    assert [note.text for note in notes] == ["they: Well then", "they: Goodbye."]


def test_a_word_that_was_cut_was_not_said() -> None:
    heard = words("Good", "evening.")[: -5 * FRAME_BYTES]

    assert [note.text for note in describe_line(Recording(heard=bytearray(heard)))] == [
        "we: Good \u2013"
    ]

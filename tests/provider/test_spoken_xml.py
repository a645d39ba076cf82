import pytest

from voicecalld.provider.base import Perform
from voicecalld.provider.spoken_xml import SpokenVerbs
from voicecalld.provider.voice import Voice

VERBS = SpokenVerbs(speak="Say", pause="Rest", most_characters=10)
VOICE = Voice(language="en", name="Amy")


@pytest.mark.parametrize(
    ("perform", "verbs"),
    [
        (Perform(), ""),
        (Perform(say=" \x00 "), ""),
        (Perform(say="a < b"), '<Say voice="Amy" language="en">a &lt; b</Say>'),
        (Perform(pause_s=1.2), '<Rest length="2"/>'),
        (
            Perform(say="One. Two, three.", pause_s=0.1),
            (
                '<Say voice="Amy" language="en">One.</Say>'
                '<Say voice="Amy" language="en">Two,</Say>'
                '<Say voice="Amy" language="en">three.</Say>'
                '<Rest length="1"/>'
            ),
        ),
    ],
)
def test_words_are_spoken_in_parts_and_then_there_is_a_pause(perform: Perform, verbs: str) -> None:
    assert VERBS.render(perform, VOICE) == verbs


def test_without_a_name_the_voice_is_that_of_the_language() -> None:
    said = VERBS.render(Perform(say="Hallo"), Voice(language="de", name=""))

    assert said == '<Say language="de">Hallo</Say>'

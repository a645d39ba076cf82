from hypothesis import given
from hypothesis import strategies as st

from voicecalld.audio.keys import place_keys, render_keys
from voicecalld.audio.tones import dtmf_tone


def test_keys_are_pressed_four_a_second() -> None:
    sound = render_keys("12")

    assert len(sound) == 2 * 2000
    assert sound.startswith(dtmf_tone("1", 100))
    assert sound[2000:].startswith(dtmf_tone("2", 100))


def test_waits_are_silent_and_nothing_is_reported_for_them() -> None:
    assert render_keys("wW") == b"\xff" * (4000 + 8000)
    assert place_keys("w1W#") == {25: "1", 25 + 62: "#"}


@given(st.text("0123456789*#wW", max_size=20))
def test_every_key_is_reported_once_and_in_order(digits: str) -> None:
    places = place_keys(digits)

    assert "".join(places.values()) == digits.replace("w", "").replace("W", "")
    assert list(places) == sorted(places)

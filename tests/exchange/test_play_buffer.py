from hypothesis import given
from hypothesis import strategies as st

from voicecalld.exchange.play_buffer import PlayBuffer

FRAME = b"\x10" * 160
OTHER = b"\x20" * 160


def test_a_mark_with_nothing_before_it_is_due_at_once() -> None:
    assert PlayBuffer().add_mark("a") == ("a",)


def test_a_mark_is_due_when_the_frame_before_it_has_ended_not_when_it_begins() -> None:
    buffer = PlayBuffer()
    buffer.add_sound(FRAME)

    assert buffer.add_mark("a") == ()
    assert buffer.play() == (FRAME, ())
    assert buffer.play() == (None, ("a",))


def test_a_mark_that_comes_while_the_last_frame_plays_waits_for_its_end() -> None:
    buffer = PlayBuffer()
    buffer.add_sound(FRAME)
    buffer.play()

    assert buffer.add_mark("a") == ()
    assert buffer.play() == (None, ("a",))


def test_marks_between_sounds_come_back_in_order() -> None:
    buffer = PlayBuffer()
    buffer.add_sound(FRAME)
    buffer.add_mark("a")
    buffer.add_mark("b")
    buffer.add_sound(OTHER)
    buffer.add_mark("c")

    assert [buffer.play() for _ in range(3)] == [
        (FRAME, ()),
        (OTHER, ("a", "b")),
        (None, ("c",)),
    ]


def test_clearing_drops_the_sound_and_returns_every_mark() -> None:
    buffer = PlayBuffer()
    buffer.add_sound(FRAME + OTHER)
    buffer.add_mark("a")
    buffer.play()
    buffer.add_mark("b")

    assert buffer.clear() == ("a", "b")
    assert buffer.waiting_bytes == 0
    assert buffer.play() == (None, ())


def test_a_mark_after_a_clear_waits_only_for_the_frame_that_is_being_heard() -> None:
    buffer = PlayBuffer()
    buffer.add_sound(FRAME + OTHER)
    buffer.play()
    buffer.clear()

    assert buffer.add_mark("a") == ()
    assert buffer.play() == (None, ("a",))
    assert buffer.add_mark("b") == ("b",)


def test_the_last_piece_is_filled_up_with_silence() -> None:
    buffer = PlayBuffer()
    buffer.add_sound(b"\x10" * 100)

    assert buffer.play() == (b"\x10" * 100 + b"\xff" * 60, ())


@given(st.lists(st.binary(max_size=500) | st.text(max_size=1), max_size=30))
def test_all_sound_is_played_and_all_marks_return_in_order(items: list[bytes | str]) -> None:
    buffer = PlayBuffer()
    returned: list[str] = []
    played = b""

    for item in items:
        if isinstance(item, bytes):
            buffer.add_sound(item)
        else:
            returned += buffer.add_mark(item)
    while buffer.waiting_bytes:
        frame, marks = buffer.play()
        returned += marks
        played += frame or b""
    returned += buffer.play()[1]

    sound = b"".join(item for item in items if isinstance(item, bytes))
    assert played[: len(sound)] == sound
    assert set(played[len(sound) :]) <= {0xFF}
    assert returned == [item for item in items if isinstance(item, str)]

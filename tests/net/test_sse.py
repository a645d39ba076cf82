"""`SseParser`: the same events, wherever the bytes are cut, and never without bound."""

from collections.abc import Iterable
from itertools import pairwise, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.errors import BadMessageError
from voicecalld.net.sse import MOST_EVENT_BYTES, SseEvent, SseParser


def parsed(*pieces: bytes) -> list[SseEvent]:
    parser = SseParser()
    return [event for piece in pieces for event in parser.feed(piece)]


def message(data: str) -> SseEvent:
    return SseEvent(event="message", data=data)


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: hello\n\n", [message("hello")]),
        (b"data:hello\n\n", [message("hello")]),
        (b"data:  two blanks\n\n", [message(" two blanks")]),
        (b"data: a\r\ndata: b\r\n\r\n", [message("a\nb")]),
        (b"data: a\rdata: b\r\r", [message("a\nb")]),
        (
            b"event: done\ndata: {}\n\ndata: x\n\n",
            [SseEvent(event="done", data="{}"), message("x")],
        ),
        (b"data\n\n", [message("")]),
        (b"data: a: b\n\n", [message("a: b")]),
        (b": keep-alive\n\n: again\n\n", []),
        (b"event: nothing\n\ndata: x\n\n", [message("x")]),
        (b"id: 7\nretry: 10\nunknown: 1\ndata: x\n\n", [message("x")]),
        (b"\xef\xbb\xbfdata: marked\n\n", [message("marked")]),
        (b"data: x\n\n\xef\xbb\xbfdata: y\n\n", [message("x")]),
        ("data: one\u2028line\n\n".encode(), [message("one\u2028line")]),
        (b"data: \xff!\n\n", [message("\ufffd!")]),
        (b"data: half an eve", []),
        (b"data: no empty line\n", []),
    ],
)
def test_a_stream_has_the_events_of_the_standard(stream: bytes, events: list[SseEvent]) -> None:
    assert parsed(stream) == events


def test_a_failure_as_llama_cpp_writes_it_is_an_event() -> None:
    stream = b'data: {"a":1}\n\nerror: {"code":500,"message":"no"}\n\n'

    assert parsed(stream)[-1] == SseEvent(event="error", data='{"code":500,"message":"no"}')


def test_an_event_is_there_with_its_last_byte_even_after_a_carriage_return() -> None:
    parser = SseParser()
    parser.feed(b"data: x\r\n")

    assert parser.feed(b"\r") == (message("x"),)
    assert parser.feed(b"") == ()
    assert parser.feed(b"\n") == ()
    assert parser.feed(b"data: y\n\n") == (message("y"),)


# --- bounds --------------------------------------------------------------------------


def test_an_event_of_the_greatest_length_is_taken() -> None:
    data = b"x" * (MOST_EVENT_BYTES - len(b"data: "))

    assert [len(event.data) for event in parsed(b"data: ", data, b"\n\n")] == [len(data)]


@pytest.mark.parametrize(
    "endless",
    [
        b"x" * 65536,
        b":" + b"x" * 65535,
        b"data: " + b"x" * 1017 + b"\n",
        b"data\n" * 10_000,
        b"error: x\n" * 8000,
    ],
)
def test_what_never_ends_is_refused(endless: bytes) -> None:
    with pytest.raises(BadMessageError, match="exceeds 1048576 bytes"):
        parsed(*repeat(endless, 2000))


def test_a_stream_may_be_longer_than_an_event() -> None:
    parser = SseParser()
    piece = b": x\n" * 1000 + b"data: y\n\n" + b"event: z\n" * 1000

    assert sum(len(parser.feed(piece)) for _ in range(300)) == 300


# --- properties ----------------------------------------------------------------------

NAMES = st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), min_size=1)
DATA = st.text(st.characters(exclude_characters="\r", codec="utf-8"))
EVENTS = st.lists(st.builds(SseEvent, event=NAMES, data=DATA))
LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r"])
CUTS = st.lists(st.integers(min_value=0, max_value=400))


def rendered(events: Iterable[SseEvent], line_end: str) -> bytes:
    lines = []
    for event in events:
        lines += [": a comment", f"event: {event.event}"]
        lines += [f"data: {line}" for line in event.data.split("\n")]
        lines.append("")
    return "".join(line + line_end for line in lines).encode()


def cut(stream: bytes, cuts: Iterable[int]) -> list[bytes]:
    at = [0, *sorted(min(place, len(stream)) for place in cuts), len(stream)]
    return [stream[begin:end] for begin, end in pairwise(at)]


@given(events=EVENTS, line_end=LINE_ENDS, cuts=CUTS)
def test_what_was_sent_arrives_wherever_it_is_cut(
    events: list[SseEvent], line_end: str, cuts: list[int]
) -> None:
    assert parsed(*cut(rendered(events, line_end), cuts)) == events


@given(stream=st.binary() | st.text("dataevnro: \r\n\ufeff").map(str.encode))
def test_any_bytes_mean_the_same_whole_and_one_by_one(stream: bytes) -> None:
    one_by_one = [stream[at : at + 1] for at in range(len(stream))]

    assert parsed(*one_by_one) == parsed(stream)

import pytest

from voicecalld.errors import BadMessageError
from voicecalld.provider.stream import KeyPressed, MarkReturned, MediaEvent, StreamStopped
from voicecalld.provider.stream_text import MAX_MESSAGE_CHARACTERS, parse_message, parse_usual


def test_a_message_may_be_as_long_as_five_seconds_of_sound_and_no_longer() -> None:
    longest = '"' + "x" * (MAX_MESSAGE_CHARACTERS - 2) + '"'

    assert parse_message(longest) == longest[1:-1]
    with pytest.raises(BadMessageError, match="64 KiB"):
        parse_message(f"{longest} ")


@pytest.mark.parametrize("message", ["", "{", "[" * 60_000, "media"])
def test_what_is_no_document_is_no_message(message: str) -> None:
    with pytest.raises(BadMessageError):
        parse_message(message)


@pytest.mark.parametrize(
    ("document", "event"),
    [
        ({"event": "mark", "mark": {"name": "1.2"}}, MarkReturned(mark="1.2")),
        ({"event": "dtmf", "dtmf": {"digit": "D"}}, KeyPressed(digit="D")),
        ({"event": "stop"}, StreamStopped()),
        ({"event": "weather"}, None),
    ],
)
def test_what_carriers_write_alike_is_read(document: object, event: MediaEvent | None) -> None:
    assert parse_usual(document) == event


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"event": 7},
        {"event": "start"},
        {"event": "media"},
        {"event": "mark", "mark": {"name": None}},
        {"event": "mark"},
        {"event": "dtmf", "dtmf": {"digit": "12"}},
        {"event": "dtmf", "dtmf": {"digit": "\u0663"}},
        {"event": "dtmf", "dtmf": "1"},
    ],
)
def test_a_known_message_with_a_wrong_field_is_bad_and_so_is_one_without_an_event(
    document: object,
) -> None:
    with pytest.raises(BadMessageError):
        parse_usual(document)

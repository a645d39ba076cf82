import pytest

from voicecalld.errors import BadMessageError
from voicecalld.ids import StreamId
from voicecalld.provider.media_text import check_stream, cut_payload
from voicecalld.provider.stream_text import MAX_MESSAGE_CHARACTERS


@pytest.mark.parametrize(
    ("message", "payload"),
    [
        ('{"p":"fwA="}', "fwA="),
        ('{"p":""}', ""),
        ('{"p":"fwA=","q":"x"}', None),
        ('{"p":"fwA\\u003d"}', None),
        ('{"p":"fwA="]', None),
        ('{"p":"fwA="} ', None),
    ],
)
def test_a_payload_is_cut_only_where_nothing_else_can_be_meant(
    message: str, payload: str | None
) -> None:
    assert cut_payload(message, len('{"p":"'), '"}') == payload


def test_a_message_that_is_too_long_is_left_to_whoever_refuses_it() -> None:
    longest = "x" * (MAX_MESSAGE_CHARACTERS - 1) + "}"

    assert cut_payload(longest, 0, "}") == longest[:-1]
    assert cut_payload("x" + longest, 0, "}") is None


def is_ours(document: object, stream_id: str = "s") -> bool:
    try:
        check_stream(document, StreamId(stream_id), field="id", kinds={"media", "stop"})
    except BadMessageError:
        return False
    return True


@pytest.mark.parametrize(
    ("document", "ours"),
    [
        ({"event": "media", "id": "s"}, True),
        ({"event": "media", "id": "t"}, False),
        ({"event": "stop", "id": None}, False),
        ({"event": "stop"}, False),
        ({"event": "start"}, True),  # of a stream as such
        ({"event": ["media"]}, True),  # whoever reads it will complain
        (["media"], True),
        (None, True),
    ],
)
def test_what_only_one_stream_may_say_must_name_it(document: object, ours: bool) -> None:
    assert is_ours(document) is ours


def test_before_its_start_a_stream_has_no_name_that_could_be_named() -> None:
    assert not is_ours({"event": "media", "id": ""}, "")

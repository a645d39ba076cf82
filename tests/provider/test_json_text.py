import pytest

from voicecalld.errors import BadMessageError
from voicecalld.provider.json_text import parse_json


def test_a_document_is_read_from_text_and_from_bytes() -> None:
    assert parse_json('{"a": [1]}') == parse_json(b'{"a": [1]}') == {"a": [1]}


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "1" * 5000, b"\xff\xff"])
def test_what_is_no_document_is_a_bad_message(text: str | bytes) -> None:
    with pytest.raises(BadMessageError):
        parse_json(text)

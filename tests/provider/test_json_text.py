import pytest

from voicecalld.errors import BadMessageError
from voicecalld.provider.http import HttpResponse
from voicecalld.provider.json_text import parse_body, parse_json, read_text


def test_a_document_is_read_from_text_and_from_bytes() -> None:
    assert parse_json('{"a": [1]}') == parse_json(b'{"a": [1]}') == {"a": [1]}


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "1" * 5000, b"\xff\xff"])
def test_what_is_no_document_is_a_bad_message(text: str | bytes) -> None:
    with pytest.raises(BadMessageError):
        parse_json(text)


def test_a_text_is_read_and_one_that_is_missing_or_null_is_empty() -> None:
    assert read_text({"a": "é😀"}, "a") == "é😀"
    assert read_text({"a": None}, "a") == read_text({}, "a") == ""


@pytest.mark.parametrize("value", [7, True, [], {}, "\ud800", "a\udfff"])
def test_what_is_no_text_is_a_bad_message(value: object) -> None:
    with pytest.raises(BadMessageError, match="a is no text"):
        read_text({"a": value}, "a")


@pytest.mark.parametrize(("body", "document"), [(b"{}", {}), (b"", None), (b"\xff", None)])
def test_an_answer_has_a_document_or_none(body: bytes, document: object) -> None:
    assert parse_body(HttpResponse(status=500, body=body)) == document

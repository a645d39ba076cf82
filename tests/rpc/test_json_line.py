import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.rpc.json_line import Json, parse_json, render_line

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
DOCUMENTS: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(document=DOCUMENTS)
def test_what_is_written_as_a_line_is_read_back_the_same(document: Json) -> None:
    line = render_line(document)

    assert line.count(b"\n") == 1
    assert parse_json(line) == document


@given(line=st.binary(max_size=64))
def test_rubbish_raises_a_value_error_and_nothing_else(line: bytes) -> None:
    try:
        document = parse_json(line)
    except ValueError:
        return
    assert document == json.loads(line)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b'"\xff"', "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b'"\\ud800"', "surrogate"),
        (b'{"\\udc00": 1}', "surrogate"),
        (b"NaN", "NaN is not JSON"),
        (b"[-Infinity]", "-Infinity is not JSON"),
        (b"1e999", "too large"),
        (b"1" * 5000, "digits"),
        (b'{"a": 1, "a": 1}', "twice"),
        (b'{"a": {"b": 1, "\\u0062": 2}}', "twice"),
        (b"[" * 200_000, "deeply"),
        (b'{"a":' * 200_000, "deeply"),
        (b"", "line 1"),
        (b"{} {}", "Extra data"),
        (b"\xef\xbb\xbf{}", "BOM"),
    ],
)
def test_a_line_that_cannot_be_read_back_is_refused_with_the_reason(
    line: bytes, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_json(line)


def test_a_whole_surrogate_pair_is_one_character() -> None:
    assert parse_json(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


def test_half_a_surrogate_pair_does_not_keep_an_answer_from_its_client() -> None:
    assert render_line("a\ud800b") == b'"a?b"\n'


def test_a_number_that_is_none_is_never_sent() -> None:
    with pytest.raises(ValueError, match="JSON"):
        render_line(math.nan)

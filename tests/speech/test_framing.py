import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.errors import BadMessageError
from voicecalld.speech.framing import (
    HEADER,
    MOST_BYTES,
    Answer,
    AnswerReader,
    Request,
    parse_request,
    render_answer,
    render_request,
)

NUMBERS = st.integers(min_value=0, max_value=2**32 - 1)
FIELDS = st.dictionaries(
    st.text(), st.text() | st.integers() | st.lists(st.integers()), max_size=3
)
ANSWERS = st.builds(Answer, number=NUMBERS, fields=FIELDS, body=st.binary(max_size=20))


@given(request=st.builds(Request, number=NUMBERS, fields=FIELDS))
def test_a_request_is_one_line_that_says_what_was_asked(request: Request) -> None:
    line = render_request(request)

    assert line.count(b"\n") == 1
    assert parse_request(line) == request


@given(answers=st.lists(ANSWERS, max_size=4), cut=st.integers(min_value=1, max_value=9))
def test_answers_are_read_whatever_pieces_they_arrive_in(answers: list[Answer], cut: int) -> None:
    data = b"".join(render_answer(answer) for answer in answers)
    reader = AnswerReader()

    read = [
        answer
        for start in range(0, len(data), cut)
        for answer in reader.feed(data[start : start + cut])
    ]

    assert read == answers


@given(data=st.binary(max_size=60))
def test_rubbish_in_place_of_answers_is_a_bad_message_and_nothing_else(data: bytes) -> None:
    try:
        AnswerReader().feed(data)
    except BadMessageError:
        return


@pytest.mark.parametrize("fields", [b"[]", b"{", b"\xff\xff", b"[" * 100_000])
def test_an_answer_without_fields_is_refused(fields: bytes) -> None:
    data = HEADER.pack(1, len(fields), 0) + fields

    with pytest.raises(BadMessageError):
        AnswerReader().feed(data)


def test_an_answer_larger_than_any_sound_is_refused_before_it_is_collected() -> None:
    header = HEADER.pack(1, 2, MOST_BYTES)

    with pytest.raises(BadMessageError):
        AnswerReader().feed(header)


@pytest.mark.parametrize(
    "line", [b"", b"\n", b"{}", b"[1]", b'{"number": "1", "fields": {}}', b"\xff"]
)
def test_a_line_that_is_no_request_is_refused_without_quoting_it(line: bytes) -> None:
    with pytest.raises(BadMessageError) as refused:
        parse_request(line)

    assert refused.value.__cause__ is None


def test_a_line_does_not_depend_on_what_the_text_holds() -> None:
    text = "\u2028\x00\n\U0001f600\ud800"

    line = render_request(Request(number=1, fields={"text": text}))

    assert line.isascii()
    assert json.loads(line)["fields"]["text"] == text

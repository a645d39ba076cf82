import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.provider.http import HttpResponse
from voicecalld.provider.quotation import MOST_QUOTED_BYTES, quote_response

codes = st.none() | st.integers(0, 10**4000)


@pytest.mark.parametrize(
    ("body", "code", "expected"),
    [
        (b"", None, "status 503"),
        (b"", 20503, "status 503, code 20503"),
        (b"down", None, "status 503, 'down'"),
        (b"a\r\nb\xff\x1b[2J", 7, "status 503, code 7, 'a\\r\\nb\ufffd\\x1b[2J'"),
    ],
)
def test_the_status_is_told_with_what_there_is_besides(
    body: bytes, code: int | None, expected: str
) -> None:
    assert quote_response(HttpResponse(status=503, body=body), code=code) == expected


def test_the_carriers_own_words_stand_for_the_body_that_they_are_in() -> None:
    response = HttpResponse(status=401, body=b'{"message": "You are not hunter2\\n"}')

    words = quote_response(
        response, code=7, words="You are not hunter2\n\ud800", secrets=["hunter2"]
    )

    assert words == "status 401, code 7: You are not ***\\n\\ud800"


@given(
    start=st.binary(), char=st.sampled_from(["x", "\u00fc", "\U0001f600", "\0", "'"]), code=codes
)
def test_a_quotation_is_bounded_in_bytes_and_printable(
    start: bytes, char: str, code: int | None
) -> None:
    response = HttpResponse(status=500, body=start + char.encode() * 20_000)

    words = quote_response(response, code=code)

    assert len(words.encode()) <= MOST_QUOTED_BYTES
    assert words.isprintable()
    assert words.endswith("'")


@given(before=st.integers(MOST_QUOTED_BYTES - 60, MOST_QUOTED_BYTES + 10))
def test_a_secret_is_masked_wherever_it_stands_also_where_the_quotation_is_cut(
    before: int,
) -> None:
    body = b"x" * before + b"hunter2" + b"y" * 100

    words = quote_response(HttpResponse(status=500, body=body), secrets=["hunter2"])

    assert "h" not in words

from contextlib import suppress
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.errors import BadMessageError
from voicecalld.provider.form import (
    MOST_FIELDS,
    media_type,
    parse_form,
    parse_form_body,
    parse_query,
    read_one,
    read_own,
)
from voicecalld.provider.http import Webhook

PAIRS = st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=8)


@given(pairs=PAIRS)
def test_every_form_is_read_back_with_its_blanks_and_doubles(pairs: list[tuple[str, str]]) -> None:
    fields = parse_form_body(urlencode(pairs).encode())

    assert sum(len(values) for values in fields.values()) == len(pairs)
    for name, values in fields.items():
        assert list(values) == [value for other, value in pairs if other == name]


def test_a_plus_is_a_space_and_an_escaped_plus_is_a_plus() -> None:
    assert parse_form("a=b+c%2Bd") == {"a": ("b c+d",)}


@pytest.mark.parametrize(
    "text", ["a", "a=b&", "&a=b", "a=b&&c=d", "a=%", "a=%4", "a=%zz", "a=%ff", "a=ü", "&"]
)
def test_what_is_no_form_is_a_bad_message(text: str) -> None:
    with pytest.raises(BadMessageError):
        parse_form(text)


def test_a_form_may_have_a_thousand_fields_and_no_more() -> None:
    longest = "&".join(f"n{number}=" for number in range(MOST_FIELDS))

    assert len(parse_form(longest)) == MOST_FIELDS
    with pytest.raises(BadMessageError):
        parse_form(f"{longest}&one=more")


@given(body=st.binary())
def test_any_body_is_read_or_refused_as_a_bad_message(body: bytes) -> None:
    with suppress(BadMessageError):
        parse_form_body(body)


def test_a_field_that_is_there_twice_is_not_chosen_from() -> None:
    fields = parse_query("https://a/b?callId=1&callId=1&turn=2")

    assert read_one(fields, "turn") == "2"
    assert read_one(fields, "node") is None
    with pytest.raises(BadMessageError, match="callId"):
        read_one(fields, "callId")


def test_a_url_without_a_query_has_no_fields() -> None:
    assert parse_query("https://a/b") == {}


def test_the_type_of_a_body_has_no_parameters_and_no_capitals() -> None:
    headers = {"content-type": "Application/JSON ; charset=utf-8"}
    webhook = Webhook(method="POST", url="https://a", headers=headers, body=b"")

    assert media_type(webhook) == "application/json"


def test_what_we_have_put_into_a_url_is_there_once_or_not_at_all() -> None:
    query = parse_query("https://a.test/?callId=call-1&turn=&node=1&node=1")

    assert (read_own(query, "callId"), read_own(query, "other")) == ("call-1", None)
    for name in ("turn", "node"):
        with pytest.raises(BadMessageError, match=name):
            read_own(query, name)

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.provider.xml_text import (
    render_document,
    render_next,
    render_reply,
    render_text,
    tag,
    whole_seconds,
)

ALL_BUT_SURROGATES = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn"]))


def read(document: str) -> ET.Element:
    return ET.fromstring(document)  # noqa: S314 - we have written it ourselves


def test_a_reply_is_a_document_that_says_what_it_is() -> None:
    reply = render_reply(tag("Hangup"))

    assert (reply.status, reply.content_type) == (200, "text/xml; charset=utf-8")
    assert reply.body == b'<?xml version="1.0" encoding="UTF-8"?><Response><Hangup/></Response>'


def test_a_document_without_verbs_is_one_still() -> None:
    assert len(read(render_document(""))) == 0


def test_without_a_url_a_call_ends_and_with_one_it_is_asked_for() -> None:
    assert render_next("") == "<Hangup/>"
    assert render_next("https://a.test/?b&c") == (
        '<Redirect method="POST">https://a.test/?b&amp;c</Redirect>'
    )


@given(text=ALL_BUT_SURROGATES)
def test_what_is_written_is_what_is_read(text: str) -> None:
    element = read(render_document(tag("A", {"b": text}, inside=render_text(text))))[0]

    assert element.get("b") == text
    assert (element.text or "") == text


@given(text=st.text())
def test_any_text_makes_a_document_that_can_be_read(text: str) -> None:
    element = read(render_document(tag("A", {"b": text}, inside=render_text(text))))[0]

    assert element.tag == "A"
    assert set(element.text or "") <= {*text, "\n"}  # a reader makes one line's end of another


@pytest.mark.parametrize("forbidden", ["\x00", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_what_no_document_can_have_is_left_out(forbidden: str) -> None:
    assert render_text(f"a{forbidden}b") == "ab"
    assert tag("A", {"b": f"a{forbidden}b"}) == '<A b="ab"/>'


@pytest.mark.parametrize(
    ("duration_s", "text"), [(0.0, "1"), (0.1, "1"), (1.0, "1"), (1.01, "2"), (90.0, "90")]
)
def test_durations_are_whole_seconds_and_one_at_least(duration_s: float, text: str) -> None:
    assert whole_seconds(duration_s) == text


@pytest.mark.parametrize(
    ("duration_s", "text"), [(0.0, "5"), (5.0, "5"), (5.1, "6"), (59.1, "60"), (1e6, "60")]
)
def test_durations_stay_between_their_bounds(duration_s: float, text: str) -> None:
    assert whole_seconds(duration_s, 5, 60) == text

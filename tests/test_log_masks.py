import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.log_masks import (
    describe_exception,
    is_private,
    masked_field,
    masked_message,
    masked_text,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("from +15551230123 to +442071234567", "from +1\u20260123 to +4\u20264567"),
        ("To=%2B15551230123&x=1", "To=+1\u20260123&x=1"),
        ("to=%2b15551230123", "to=+1\u20260123"),
        ("tel:+1 (555) 123-0123.", "tel:+1\u20260123."),
        ("15551230123 called", "+1\u20260123 called"),
        ("'+15551230123'", "'+1\u20260123'"),
        ("+1555010", "+1\u202610"),
        ("no number: 12345, 2025-03-14, 3.5, +12", "no number: 12345, 2025-03-14, 3.5, +12"),
        ("0190d5c8-0000-7000-8000-123456789012", "0190d5c8-0000-7000-8000-123456789012"),
    ],
)
def test_numbers_are_shortened_and_other_things_are_not(text: str, shown: str) -> None:
    assert masked_text(text) == shown


@given(number=st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), around=st.text(max_size=20))
def test_no_e164_number_is_ever_shown(number: str, around: str) -> None:
    assert number not in masked_text(around + number + around)


@given(text=st.text(max_size=1_000))
def test_a_text_stays_on_one_line_and_is_not_too_long(text: str) -> None:
    shown = masked_text(text)

    assert len(shown.splitlines()) <= 1
    assert shown.isprintable() or not text.isprintable()
    assert len(masked_text("a b " * 1_000)) == 501


def test_control_characters_are_shown_as_escapes() -> None:
    assert masked_text("a\nb\x1b[1mc\u2028d\u202ee\ud800") == (r"a\nb\x1b[1mc\u2028d\u202ee\ud800")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "text",
            "message",
            "transcript",
            "digits",
            "from",
            "from_",
            "toNumber",
            "to",
            "heard_text",
        ),
        *("auth_token", "authToken", "API-key", "api_keys", "X-Twilio-Signature", "TOKEN"),
    ],
)
def test_fields_of_private_things_are_known_by_the_words_of_their_names(name: str) -> None:
    assert is_private(name)


@pytest.mark.parametrize(
    "name", ["event", "reason", "provider", "state", "call_id", "stop", "total", "context", "turn"]
)
def test_other_fields_are_not_private(name: str) -> None:
    assert not is_private(name)


@pytest.mark.parametrize("value", ["hello there", "x", 1234, 3.5, b"x", ["hello"], {"a": "b"}, ()])
def test_nothing_of_a_private_value_is_shown(value: object) -> None:
    assert masked_field("text", value) == "***"


@pytest.mark.parametrize("value", [None, True, False])
def test_that_there_is_a_private_value_may_be_shown(value: object) -> None:
    assert masked_field("token", value) is value


def test_a_number_in_a_private_field_is_shortened() -> None:
    assert masked_field("to", "+15551230123") == "+1\u20260123"


def test_private_fields_are_found_at_any_depth() -> None:
    value = {
        "steps": [{"say": "hello", "after_ms": 3}, ("+15551230123",)],
        1: {"a": {"b": {"c": {}}}},
    }

    shown = masked_field("script", value)

    assert shown == {
        "steps": [{"say": "***", "after_ms": 3}, ["+1\u20260123"]],
        "1": {"a": {"b": {"c": "<dict>"}}},
    }


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Path("/etc/voicecalld"), "/etc/voicecalld"),
        (ValueError("not '+15551230123'"), "ValueError: not '+1\u20260123'"),
        (b"hello", "<bytes>"),
        (object(), "<object>"),
        (1.5, 1.5),
    ],
)
def test_every_value_becomes_something_that_json_has(value: object, shown: object) -> None:
    masked = masked_field("value", value)

    assert masked == shown
    assert json.loads(json.dumps(masked)) == shown


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("invalid literal: 'hello there'", "invalid literal: '\u2026'"),
        ('at "it\'s me, hello" end', "at '\u2026' end"),
        ("input_value='hello there', input_type=str", "input_value='\u2026', input_type=str"),
        ("cut short 'hello the", "cut short '\u2026'"),
        ("bad token 'sk-abcdef1234567890'", "bad token '\u2026'"),
        ("'NoneType' object has no attribute 'x'", "'NoneType' object has no attribute 'x'"),
        ("it's the caller's fault", "it's the caller's fault"),
    ],
)
def test_an_error_does_not_quote_people(message: str, shown: str) -> None:
    assert masked_message(message) == shown


def raise_value_error(secret: str) -> None:
    local = secret * 2
    raise ValueError(f"cannot use {local!r}")


def caught(secret: str) -> BaseException:
    try:
        try:
            raise_value_error(secret)
        except ValueError as error:
            raise KeyError("second") from error
    except KeyError as error:
        return error
    raise AssertionError


def test_an_exception_is_shown_with_its_places_and_its_cause() -> None:
    lines = describe_exception(caught("hello there")).splitlines()

    assert lines[0] == "KeyError: 'second'"
    assert lines[1].endswith(" in caught")
    assert lines[2] == "because of ValueError: cannot use '\u2026'"
    assert lines[3].endswith(" in caught")
    assert lines[4].endswith(" in raise_value_error")


def test_neither_local_variables_nor_source_text_are_shown() -> None:
    shown = describe_exception(caught("hello there"))

    assert "hello" not in shown
    assert "local" not in shown


def test_every_part_of_a_group_is_shown_indented() -> None:
    group = ExceptionGroup("two", [ValueError("one"), ExceptionGroup("inner", [OSError("deep")])])

    assert describe_exception(group).splitlines() == [
        "ExceptionGroup: two (2 sub-exceptions)",
        "- ValueError: one",
        "- ExceptionGroup: inner (1 sub-exception)",
        "  - OSError: deep",
    ]


def test_a_context_that_was_suppressed_is_not_shown() -> None:
    error = KeyError("second")
    error.__context__ = ValueError("first")
    suppressed = KeyError("third")
    suppressed.__context__ = ValueError("fourth")
    suppressed.__suppress_context__ = True

    assert "because of ValueError: first" in describe_exception(error)
    assert describe_exception(suppressed) == "KeyError: 'third'"


def test_endless_causes_and_groups_are_cut() -> None:
    error: BaseException = ValueError("0")
    for number in range(1, 200):
        later = ValueError(str(number))
        later.__cause__ = error
        error = later
    wide = ExceptionGroup("wide", [ValueError("x")] * 100)

    assert len(describe_exception(error).splitlines()) == 11
    assert len(describe_exception(wide).splitlines()) == 11

"""Configuration files, right ones and wrong ones of every kind."""

import re

import pytest
from pydantic import BaseModel, Field

from voicecalld.config_file import (
    parse_config,
    parse_document,
    shown_value,
    value_problem,
)
from voicecalld.errors import ConfigError
from voicecalld.phone_settings import PhoneScript
from voicecalld.settings import Settings


def problems(text: str) -> list[str]:
    """What is wrong with *text*, without the name of the file."""
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "FILE")
    lines = str(caught.value).split("\n")
    assert [*caught.value.problems] == lines
    assert all(line.startswith("FILE: ") for line in lines)
    return [line.removeprefix("FILE: ") for line in lines]


def test_an_empty_file_gives_the_defaults() -> None:
    assert parse_config("", "FILE") == Settings()


def test_other_documents_are_described_in_the_same_way() -> None:
    script = parse_document('record = "call.wav"\n', "FILE", PhoneScript)

    assert script == PhoneScript(record="call.wav")
    with pytest.raises(ConfigError, match=r"^FILE: tape: unknown key$"):
        parse_document("tape = 1\n", "FILE", PhoneScript)


def test_a_file_changes_what_it_mentions_and_nothing_else() -> None:
    settings = parse_config("ring_timeout_ms = 5_000\n[turn]\nvoice_threshold = 0.5\n", "FILE")

    turn = Settings().turn.model_copy(update={"voice_threshold": 0.5})
    assert settings == Settings().model_copy(update={"ring_timeout_ms": 5000, "turn": turn})


def test_a_telephone_is_described_by_a_table_of_its_own() -> None:
    settings = parse_config(
        '[mock.phones."+15550100"]\nbehaviour = "answers"\n'
        '[[mock.phones."+15550100".steps]]\nsay = "hello"\nwhen = "answered"\n'
        '[[mock.phones."+15550100".steps]]\nhang_up = true\n',
        "FILE",
    )

    (phone,) = settings.mock.phones.values()
    assert [step.say for step in phone.steps] == ["hello", None]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "[turn]\nendpoint_silence_ms = -5",
            (
                "turn.endpoint_silence_ms: found -5, "
                "allowed: a whole number from 100 to 10000 (milliseconds)"
            ),
        ),
        (
            "ring_timeout_ms = true",
            (
                "ring_timeout_ms: found true, "
                "allowed: a whole number from 1000 to 600000 (milliseconds)"
            ),
        ),
        (
            "turn.voice_threshold = nan",
            "turn.voice_threshold: found nan, allowed: a number from 0.05 to 0.95",
        ),
        (
            "turn.voice_threshold = -inf",
            "turn.voice_threshold: found -inf, allowed: a number from 0.05 to 0.95",
        ),
        (
            "limits.max_concurrent_calls = 0xffffffffffffffffffff",
            (
                "limits.max_concurrent_calls: found a whole number of more than 64 bits, "
                "allowed: a whole number from 1 to 10000 (calls)"
            ),
        ),
        (
            "language = 2020-01-31",
            "language: found 2020-01-31, allowed: a BCP 47 tag such as en-US",
        ),
        (
            "inbound_greeting = 2020-01-31T12:00:00Z",
            (
                "inbound_greeting: found 2020-01-31 12:00:00+00:00, "
                "allowed: a text of 1 to 1000 characters"
            ),
        ),
        (
            "inbound_greeting = {a = 1}",
            "inbound_greeting: found a table, allowed: a text of 1 to 1000 characters",
        ),
        (
            "inbound_greeting = []",
            "inbound_greeting: found an empty array, allowed: a text of 1 to 1000 characters",
        ),
        ("turn = 5", "turn: found 5, allowed: a table"),
        ("turn = [1]", "turn: found an array, allowed: a table"),
        ('tts = "elevenlabs"', 'tts: found "elevenlabs", allowed: a table'),
        ('tts = "hunter2"', "tts: found 7 characters that are not shown, allowed: a table"),
        ("[[turn]]", "turn: found an array, allowed: a table"),
        ("mock.phones = false", "mock.phones: found false, allowed: a table"),
        (
            'provider = "Twillio"',
            (
                'provider: found "Twillio", allowed: "mock", "twilio", "telnyx" or "plivo"; '
                'did you mean "twilio"?'
            ),
        ),
        (
            "provider = 5",
            'provider: found 5, allowed: "mock", "twilio", "telnyx" or "plivo"',
        ),
        (
            'inbound_policy = "all"',
            'inbound_policy: found "all", allowed: "disabled", "allowlist" or "open"',
        ),
        (
            'allow_from = "+15550100"',
            (
                'allow_from: found "+15550100", allowed: an array of at most 10000 items, '
                "each an E.164 phone number such as +15550100"
            ),
        ),
        (
            'allow_from = ["+15550100", "5"]',
            'allow_from, item 2: found "5", allowed: an E.164 phone number such as +15550100',
        ),
        (
            'to_number = "5"',
            'to_number: found "5", allowed: an E.164 phone number such as +15550100',
        ),
        (
            "stale_call_reaper_seconds = 30",
            (
                "stale_call_reaper_seconds: found 30: it must be 0 or exceed ring_timeout_ms, "
                "which is 30000 milliseconds"
            ),
        ),
        (
            'inbound_policy = "allowlist"',
            (
                'allow_from: found an empty array: inbound_policy is "allowlist", so at least '
                "one number must be allowed; to answer nobody's calls, set inbound_policy to "
                '"disabled"'
            ),
        ),
        (
            "streaming.enabled = false",
            (
                "streaming.enabled: the mock carrier has no voice of its own: set it to true, "
                "or choose another provider"
            ),
        ),
        (
            'public_url = "http://voice.example.com/"',
            (
                'public_url: found "http://voice.example.com/", allowed: an https URL with a '
                "path and with neither query nor fragment, such as "
                "https://voice.example.com/voice/webhook; http only if its host is this machine"
            ),
        ),
        (
            'webhook_security.trusted_proxy_ips = ["0.0.0.0/0"]',
            (
                'webhook_security.trusted_proxy_ips, item 1: found "0.0.0.0/0", allowed: an IP '
                "address or a network such as 10.0.0.0/8, but not all addresses at once"
            ),
        ),
        (
            'tts.provider = "edge"',
            (
                'tts.provider: found "edge": Edge speech is not for calls: it only delivers MP3, '
                "and from an unofficial service"
            ),
        ),
        (
            "[mock.phones.555]",
            "mock.phones.555: not an E.164 phone number such as +15550100: '555'",
        ),
        (
            'mock.phones."+15550100" = 1',
            'mock.phones."+15550100": found 1, allowed: a table',
        ),
        (
            'mock.phones."+15550100".steps = [{say = "a", press = "1"}]',
            (
                'mock.phones."+15550100".steps, item 1: '
                "a step has exactly one of: say, wav, press, hang_up = true"
            ),
        ),
        (
            'mock.phones."+15550100".steps = [{say = "a"}, {press = "x"}]',
            (
                'mock.phones."+15550100".steps, item 2.press: found "x": '
                "not keys of a telephone (0-9 * # w, 1 to 64 of them): 'x'"
            ),
        ),
    ],
)
def test_a_wrong_value_is_told_with_what_was_found_and_what_is_allowed(
    text: str, problem: str
) -> None:
    assert problems(text) == [problem]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("tunr = 1", 'tunr: unknown key; did you mean "turn"?'),
        ("[turn]\nprerol_ms = 1", 'turn.prerol_ms: unknown key; did you mean "preroll_ms"?'),
        (
            "endpoint_silence_ms = 5",
            'endpoint_silence_ms: unknown key; did you mean "turn.endpoint_silence_ms"?',
        ),
        ("stt.openai.base_url = 1", 'stt.openai.base_url: unknown key; did you mean "url"?'),
        ("tts.openai.url = 1", 'tts.openai.url: unknown key; did you mean "base_url"?'),
        ("[zzz]\na = 1", "zzz: unknown key"),
        ('"a b" = 1', '"a b": unknown key'),
        ('"a\\nb" = 1', '"a\\nb": unknown key'),
        (
            'mock.phones."+15550100".behavior = "busy"',
            'mock.phones."+15550100".behavior: unknown key; did you mean "behaviour"?',
        ),
        (
            'mock.phones."+15550100".steps = [{say = "a", wen = "answered"}]',
            'mock.phones."+15550100".steps, item 1.wen: unknown key; did you mean "when"?',
        ),
    ],
)
def test_an_unknown_key_is_told_with_the_one_that_was_meant(text: str, problem: str) -> None:
    assert problems(text) == [problem]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = 1\na = 2", r'line 2, column 1: Key "a" already exists\.'),
        ("a = 1\nb", r"line 2, column \d+: .+"),
        ("[turn\n", r"line 1, column \d+: .+"),
        ('a = "', r"line 1, column \d+: .+"),
        ("a = " + "[" * 5000, r"line 1, column \d+: .+"),
        ("a = {b = 1, b = 2}", r'line 1: Key "b" already exists\.'),
        ("[a]\nb = 1\n\nb = 2\n", r'line 4: Key "b" already exists\.'),
        ("[mock]\nphones = 1\n[mock.phones.x]", r'line 3: Key "phones" already exists\.'),
        ("a = 2020-13-45", r"line 1, column \d+: Invalid date"),
        ("a = " + "9" * 5000, r"line 1, column \d+: .+"),
    ],
)
def test_text_that_is_not_toml_is_told_with_the_place(text: str, problem: str) -> None:
    (found,) = problems(text)

    assert re.fullmatch(problem, found)


def test_all_mistakes_are_told_together() -> None:
    found = problems(
        'tunr = 1\nring_timeout_ms = "x"\ninbound_policy = "allowlist"\n'
        "[turn]\npreroll_ms = -1\nvoice_threshold = 2\n"
    )

    assert [line.partition(":")[0] for line in found] == [
        "ring_timeout_ms",
        "allow_from",
        "turn.preroll_ms",
        "turn.voice_threshold",
        "tunr",
    ]


def test_a_long_value_is_cut_and_its_control_characters_are_escaped() -> None:
    (found,) = problems('language = "' + "\\u001b[31m" + "x" * 100 + '"')

    shown = found.removeprefix('language: found "').partition('"')[0]
    assert shown == "\\x1b[31m" + "x" * 53 + "..."
    assert len(shown) == 64


class Secrets(BaseModel):
    """A table with something that nobody may see."""

    key: str = Field(default="", pattern="^x*$", json_schema_extra={"secret": True})


@pytest.mark.parametrize("kind", ["value_error", "string_pattern_mismatch"])
def test_a_secret_is_never_shown(kind: str) -> None:
    problem = value_problem(
        {"type": kind, "loc": ("key",), "msg": "Value error, not hunter2", "input": "hunter2"},
        Secrets,
    )

    assert problem == "key: found 7 characters that are not shown, allowed: a text"


@pytest.mark.parametrize(
    "text",
    [
        "twilio.auth_token = 314159",
        "twilio.auth_token = 3.14159",
        "twilio.auth_token = 3141-01-01",
        'twilio.auth_token = ["314159"]',
        'twilio.auth_token = {a = "314159"}',
        'twilio.auth_token = "314159 "',
        'twilio.auth_token = "314159\\u00e9"',
        f'twilio.auth_token = "{"314159" * 40}"',
        'twilio.auth_tokn = "314159"',
        'telnyx.public_key = "314159"',
        'twilio = "314159"',
        "twilio = 314159",
        'twilio = ["314159"]',
        'auth_token = "314159"',
        'twilio.auth_token = "314159',
        "twilio.auth_token = x314159",
        "twilio.auth_token = 314159x",
        'twilio.auth_token = "314159" "314159"',
        "twilio.auth_token = '''314159",
        'twilio.auth_token = "314159"\ntwilio.auth_token = "314159"',
    ],
)
def test_no_mistake_in_writing_down_a_secret_shows_it(text: str) -> None:
    (problem,) = problems(text)

    assert "3141" not in problem
    assert "3.14" not in problem


@pytest.mark.parametrize("value", [5, None, [1], {"a": 1}, True])
def test_no_kind_of_secret_is_shown(value: object) -> None:
    assert shown_value(value, secret=True) == "a value that is not shown"

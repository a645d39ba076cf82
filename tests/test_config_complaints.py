"""What a mistake in a configuration file is said to be, where that is easily misunderstood."""

import pytest

from tests.test_config_file import problems
from voicecalld.config_file import GivenSecret, parse_config
from voicecalld.errors import ConfigError

MOVE_UP = "it belongs to no table: move it above the first table of the file"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[turn]\npublic_url = "https://voice.example.com/voice/webhook"', "turn.public_url"),
        ("[tts.embedded]\nlanguage = 5", "tts.embedded.language"),
        (
            '[mock.phones."+15550100"]\ninbound_policy = "open"',
            'mock.phones."+15550100".inbound_policy',
        ),
    ],
)
def test_a_key_that_has_got_into_the_table_above_it_is_to_be_moved(text: str, key: str) -> None:
    assert problems(text) == [f"{key}: unknown key; {MOVE_UP}"]


def test_a_key_of_the_top_that_is_misspelt_there_is_not_to_be_moved() -> None:
    (problem,) = problems('languag = "en-US"')

    assert problem == 'languag: unknown key; did you mean "language"?'


@pytest.mark.parametrize(
    ("key", "form"),
    [
        ("twilio.account_sid", "AC and 32 digits of lower-case hexadecimal"),
        ("telnyx.connection_id", "the application's id, which is digits"),
        ("plivo.auth_id", "MA or SA and 18 capital letters and digits"),
    ],
)
def test_what_stands_for_the_name_of_an_account_may_be_its_secret(key: str, form: str) -> None:
    found = "6 characters that are not shown"

    assert problems(f'{key} = "my-app"') == [f"{key}: found {found}, allowed: {form}"]


TWILIO = """
provider = "twilio"
{top}
[twilio]
account_sid = "AC00000000000000000000000000000000"
auth_token = "hunter2"
"""


@pytest.mark.parametrize(
    "text",
    [
        TWILIO.format(top=""),
        TWILIO.format(top="webhook_security.trusted_proxy_ips = ['127.0.0.1']"),
        TWILIO.format(top="") + "[telnyx]\napi_key = 'hunter3'",
        (
            "webhook_security.trusted_proxy_ips = ['127.0.0.1']\nserve.bind = '0.0.0.0'\n"
            "tunnel.allow_ngrok_free_tier_loopback_bypass = true"
        ),
    ],
)
def test_what_is_to_be_done_about_a_contradiction_is_told_to_the_end(text: str) -> None:
    found = problems(text)

    assert max(map(len, found)) > 180
    assert not [problem for problem in found if "..." in problem]


def test_a_public_url_that_is_missing_is_asked_for_in_whole_words() -> None:
    (found,) = problems(TWILIO.format(top="from_number = '+15550100'"))

    assert found.endswith(
        ", or set both webhook_security.trusted_proxy_ips and webhook_security.allowed_hosts"
    )


def test_what_somebody_else_gave_is_blamed_on_him_and_not_on_the_file() -> None:
    stray = GivenSecret(text="hunter3", origin="environment variable TELNYX_API_KEY")
    text = TWILIO.format(top="from_number = '+15550100'\npublic_url = 'https://a.example/b'")

    with pytest.raises(ConfigError) as caught:
        parse_config(text, "FILE", {("telnyx", "api_key"): stray})

    assert [*caught.value.problems] == [
        f"FILE: telnyx.{key}: telnyx.api_key is given by the environment variable "
        f"TELNYX_API_KEY, so it is needed: set it, or the environment variable "
        f"TELNYX_{key.upper()}, or the credential telnyx-{key.replace('_', '-')}, or remove that"
        for key in ("public_key", "connection_id")
    ]

"""Accounts at carriers, and that nobody sees their secrets."""

import pytest
from pydantic import SecretStr, ValidationError

from voicecalld.carrier_settings import TwilioSettings

SID = "AC0123456789abcdef0123456789abcdef"


def test_the_secrets_are_in_no_representation_of_the_settings() -> None:
    twilio = TwilioSettings(
        account_sid=SID, auth_token=SecretStr("hunter2"), shared_key=SecretStr("hunter3")
    )

    for shown in (repr(twilio), str(twilio), twilio.model_dump_json()):
        assert "hunter" not in shown


@pytest.mark.parametrize("sid", [SID[:-1], SID.upper(), SID + "\n", "SK" + SID[2:], " " + SID])
def test_an_account_that_twilio_does_not_have_is_refused(sid: str) -> None:
    with pytest.raises(ValidationError):
        TwilioSettings(account_sid=sid)


@pytest.mark.parametrize("token", ["hunter 2", "hunter2\n", "h\u00fcnter2", "h" * 201])
def test_a_token_that_was_copied_wrongly_is_refused(token: str) -> None:
    with pytest.raises(ValidationError):
        TwilioSettings(auth_token=SecretStr(token))
    with pytest.raises(ValidationError):
        TwilioSettings(shared_key=SecretStr(token))


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://api.example.com", "must begin with https://"),
        ("https://api.example.com/v1", "must have no path"),
        ("ftp://api.example.com", "must be a URL"),
        ("", "must be a URL"),
    ],
)
def test_a_rest_api_is_at_an_https_url_of_a_host(url: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        TwilioSettings(api_base_url=url)


def test_a_slash_at_the_end_of_the_rest_api_makes_no_difference() -> None:
    assert TwilioSettings(api_base_url="http://[::1]:81/").api_base_url == "http://[::1]:81"

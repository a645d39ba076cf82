"""Accounts at carriers, and that nobody sees their secrets."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from voicecalld.carrier_settings import Account, PlivoSettings, TelnyxSettings, TwilioSettings
from voicecalld.settings import Settings

SID = "AC0123456789abcdef0123456789abcdef"
PUBLIC_KEY = b64encode(bytes(range(32))).decode()
AUTH_ID = "MAZJIZMTZMMZNLOTY2MD"

COMPLETE: Mapping[type[Account], Mapping[str, Any]] = {
    TwilioSettings: {"account_sid": SID, "auth_token": SecretStr("hunter2")},
    TelnyxSettings: {
        "api_key": SecretStr("hunter2"),
        "public_key": PUBLIC_KEY,
        "connection_id": "1684641123236054244",
    },
    PlivoSettings: {"auth_id": AUTH_ID, "auth_token": SecretStr("hunter2")},
}
"""An account at each carrier."""

each_carrier = pytest.mark.parametrize("carrier", COMPLETE)


def test_no_carrier_is_forgotten_here() -> None:
    assert {*COMPLETE} == {type(account) for account in Settings().accounts.values()}


@each_carrier
def test_the_secrets_are_in_no_representation_of_the_settings(carrier: type[Account]) -> None:
    account = carrier.model_validate(COMPLETE[carrier])

    for shown in (repr(account), str(account), account.model_dump_json()):
        assert "hunter" not in shown


def test_the_shared_key_is_in_no_representation_of_the_settings() -> None:
    twilio = TwilioSettings(shared_key=SecretStr("hunter3"))

    for shown in (repr(twilio), str(twilio), twilio.model_dump_json()):
        assert "hunter" not in shown


@each_carrier
def test_an_account_is_all_that_is_needed_of_it(carrier: type[Account]) -> None:
    complete = COMPLETE[carrier]

    assert carrier.model_validate(complete).has_account
    for key in complete:
        rest = carrier.model_validate({other: complete[other] for other in {*complete} - {key}})
        assert not rest.has_account
        assert {*rest.given} == {*complete} - {key}


@each_carrier
def test_what_is_no_part_of_an_account_makes_none(carrier: type[Account]) -> None:
    account = carrier.model_validate({"voice": "Polly.Joanna", "from_number": "+15550100"})

    assert account.given == ()
    assert not account.has_account


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
    with pytest.raises(ValidationError):
        TelnyxSettings(api_key=SecretStr(token))
    with pytest.raises(ValidationError):
        PlivoSettings(auth_token=SecretStr(token))


@pytest.mark.parametrize(
    "key",
    [
        PUBLIC_KEY[:-1],
        PUBLIC_KEY + "\n",
        " " + PUBLIC_KEY,
        PUBLIC_KEY.replace("=", ""),
        PUBLIC_KEY[:-2] + "9=",  # the same bytes, but for two bits that are not theirs
        b64encode(bytes(31)).decode(),
        b64encode(bytes(33)).decode(),
        b64encode(bytes(range(224, 256))).decode().replace("+", "-").replace("/", "_"),
        "k\u00e9y",
        bytes(32).hex(),
    ],
)
def test_a_public_key_that_telnyx_does_not_have_is_refused(key: str) -> None:
    with pytest.raises(ValidationError):
        TelnyxSettings(public_key=key)


@pytest.mark.parametrize("connection_id", ["KEY0123", "-1", "1 ", "\u0661", "1\n", "1" * 41])
def test_an_application_that_telnyx_does_not_have_is_refused(connection_id: str) -> None:
    with pytest.raises(ValidationError):
        TelnyxSettings(connection_id=connection_id)


@pytest.mark.parametrize(
    "auth_id", [AUTH_ID[:-1], AUTH_ID.lower(), AUTH_ID + "\n", "XA" + "0" * 18]
)
def test_an_account_that_plivo_does_not_have_is_refused(auth_id: str) -> None:
    with pytest.raises(ValidationError):
        PlivoSettings(auth_id=auth_id)


def test_plivo_has_accounts_and_subaccounts() -> None:
    assert PlivoSettings(auth_id=AUTH_ID).given == ("auth_id",)
    assert PlivoSettings(auth_id="SA" + AUTH_ID[2:]).given == ("auth_id",)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://api.example.com", "must begin with https://"),
        ("https://api.example.com/v1", "must have no path"),
        ("ftp://api.example.com", "must be a URL"),
        ("", "must be a URL"),
    ],
)
@each_carrier
def test_a_rest_api_is_at_an_https_url_of_a_host(
    carrier: type[Account], url: str, reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason):
        carrier.model_validate({"api_base_url": url})


def test_a_slash_at_the_end_of_the_rest_api_makes_no_difference() -> None:
    assert TwilioSettings(api_base_url="http://[::1]:81/").api_base_url == "http://[::1]:81"

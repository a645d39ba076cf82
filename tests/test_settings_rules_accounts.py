"""Accounts at several carriers: which may be there, and what each of them needs."""

from base64 import b64encode
from collections.abc import Mapping

import pytest

from tests.test_settings_rules import complaints
from voicecalld.secrets_source import VARIABLES, credential_name
from voicecalld.settings import Settings

ACCOUNTS: Mapping[str, Mapping[str, str]] = {
    "twilio": {"account_sid": "AC" + "0" * 32, "auth_token": "hunter2"},
    "telnyx": {
        "api_key": "hunter2",
        "public_key": b64encode(bytes(32)).decode(),
        "connection_id": "1684641123236054244",
    },
    "plivo": {"auth_id": "MA" + "0" * 18, "auth_token": "hunter2"},
}
NEEDED = [(carrier, key) for carrier, account in ACCOUNTS.items() for key in account]
PUBLIC = {"public_url": "https://voice.example.com/voice/webhook"}
NETWORK: Mapping[str, object] = {**PUBLIC, "from_number": "+15550100"}

each_carrier = pytest.mark.parametrize("carrier", ACCOUNTS)


@each_carrier
def test_a_carrier_with_everything_it_needs_is_fine(carrier: str) -> None:
    values = {**NETWORK, "provider": carrier, carrier: ACCOUNTS[carrier]}

    settings = Settings.model_validate(values)

    assert [name for name, each in settings.accounts.items() if each.has_account] == [carrier]
    assert settings.number_of(carrier) == "+15550100"


@each_carrier
def test_a_carrier_without_a_number_is_told_the_two_places_for_it(carrier: str) -> None:
    wrong = complaints({**PUBLIC, "provider": carrier, carrier: ACCOUNTS[carrier]})

    assert wrong == {
        f"{carrier}.from_number": (
            f'provider is "{carrier}", so a number of your account is needed: set this, or '
            "from_number at the top of the file"
        )
    }


@pytest.mark.parametrize(("carrier", "key"), NEEDED)
def test_a_carrier_lacking_a_part_of_its_account_is_told_where_it_may_stand(
    carrier: str, key: str
) -> None:
    account = {**ACCOUNTS[carrier], key: ""}

    wrong = complaints({**NETWORK, "provider": carrier, carrier: account})

    assert [*wrong] == [f"{carrier}.{key}"]
    (reason,) = wrong.values()
    assert reason.startswith(f'provider is "{carrier}", so it is needed: set it, ')
    assert f"environment variable {VARIABLES[(carrier, key)]}, " in reason
    assert reason.endswith(f"credential {credential_name((carrier, key))}")


@pytest.mark.parametrize(("carrier", "key"), NEEDED)
def test_an_account_by_half_is_a_mistake_also_at_a_carrier_that_places_no_calls(
    carrier: str, key: str
) -> None:
    default = "plivo" if carrier == "twilio" else "twilio"
    account = {**ACCOUNTS[carrier], key: ""}

    wrong = complaints(
        {**NETWORK, "provider": default, default: ACCOUNTS[default], carrier: account}
    )

    assert [*wrong] == [f"{carrier}.{key}"]
    (reason,) = wrong.values()
    (first, *_) = (other for other in ACCOUNTS[carrier] if other != key)
    assert reason.startswith(f"{carrier}.{first} is given, so it is needed: set it, ")
    assert reason.endswith(", or remove that")


def test_every_carrier_may_have_an_account_and_a_number_of_its_own() -> None:
    numbers = {"telnyx": "+15550102", "plivo": "+15550103"}
    accounts = {
        name: {**account, **({"from_number": numbers[name]} if name in numbers else {})}
        for name, account in ACCOUNTS.items()
    }

    settings = Settings.model_validate({**NETWORK, "provider": "plivo", **accounts})

    assert all(account.has_account for account in settings.accounts.values())
    assert {name: settings.number_of(name) for name in ACCOUNTS} == {
        "twilio": NETWORK["from_number"],
        **numbers,
    }


def test_a_carrier_that_may_place_calls_needs_a_number_too() -> None:
    twilio = {**ACCOUNTS["twilio"], "from_number": "+15550101"}

    wrong = complaints(
        {**PUBLIC, "provider": "twilio", "twilio": twilio, "plivo": ACCOUNTS["plivo"]}
    )

    assert [*wrong] == ["plivo.from_number"]
    assert wrong["plivo.from_number"].startswith("plivo.auth_id is given, so a number of your")


def test_with_the_mock_carrier_nobody_looks_at_accounts() -> None:
    halves = {name: dict([next(iter(account.items()))]) for name, account in ACCOUNTS.items()}

    assert Settings.model_validate(halves).provider == "mock"
    assert Settings.model_validate(ACCOUNTS).provider == "mock"


@each_carrier
def test_a_carrier_with_a_voice_can_do_without_media_streams(carrier: str) -> None:
    values = {**NETWORK, "provider": carrier, carrier: ACCOUNTS[carrier]}

    settings = Settings.model_validate({**values, "streaming": {"enabled": False}})

    assert not settings.streaming.enabled

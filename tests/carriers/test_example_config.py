"""What is written of the simulated carriers fits them as they are when started by hand."""

import re
import shlex
from pathlib import Path

import pytest

from tests.carriers.plivo import carrier as plivo
from tests.carriers.program import DEFAULT_NUMBERS, DEFAULT_PORTS, build_parser
from tests.carriers.telnyx import carrier as telnyx
from tests.carriers.telnyx.__main__ import parse_private_key
from tests.carriers.telnyx.postman import render_public_key
from tests.carriers.twilio import carrier as twilio
from voicecalld.config_source import load_settings
from voicecalld.network_carrier import find_warnings
from voicecalld.settings import Settings

ROOT = Path(__file__).parent.parent.parent
FILE = ROOT / "config" / "simulated-carriers.toml"
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def settings() -> Settings:
    """What the file says, without anything in the environment."""
    loaded, _ = load_settings(FILE, {})
    return loaded


def test_all_three_have_an_account_that_is_used(settings: Settings) -> None:
    assert all(account.has_account for account in settings.accounts.values())
    assert settings.accounts.keys() == DEFAULT_PORTS.keys()
    assert [*find_warnings(settings)] == []
    assert settings.inbound_policy == "open"


@pytest.mark.parametrize("carrier", DEFAULT_PORTS)
def test_each_is_found_at_its_own_port_and_number(carrier: str, settings: Settings) -> None:
    started = build_parser(carrier, "", "").parse_args([])

    account = settings.accounts[carrier]

    assert account.api_base_url == f"http://127.0.0.1:{started.port}"
    assert settings.number_of(carrier) == started.to
    assert len({*DEFAULT_PORTS.values()}) == len({*DEFAULT_NUMBERS.values()}) == 3


def test_the_secrets_are_those_of_the_programs(settings: Settings) -> None:
    public_key = render_public_key(parse_private_key(telnyx.DEMO_PRIVATE_KEY))

    assert settings.twilio.account_sid == twilio.ACCOUNT_SID
    assert settings.twilio.auth_token.get_secret_value() == twilio.AUTH_TOKEN
    assert settings.telnyx.connection_id == telnyx.CONNECTION_ID
    assert settings.telnyx.api_key.get_secret_value() == telnyx.API_KEY
    assert settings.telnyx.public_key == public_key
    assert settings.plivo.auth_id == plivo.AUTH_ID
    assert settings.plivo.auth_token.get_secret_value() == plivo.AUTH_TOKEN


@pytest.mark.parametrize("carrier", DEFAULT_PORTS)
def test_the_readme_has_the_port_and_the_number_of_each(carrier: str) -> None:
    (row,) = re.findall(
        rf"^\| .+ \| `python -m tests.carriers.{carrier}` \| .*$", README, re.MULTILINE
    )

    assert f"`http://127.0.0.1:{DEFAULT_PORTS[carrier]}`" in row
    assert f" {DEFAULT_NUMBERS[carrier]} " in row


def test_the_readme_tells_how_each_is_started_and_how_it_rings() -> None:
    lines = re.findall(r"^\$ \S+ -m tests\.carriers\.(\w+) (.*)$", README, re.MULTILINE)

    started = [
        (carrier, build_parser(carrier, "", "").parse_args(shlex.split(arguments)))
        for carrier, arguments in lines
    ]

    assert {carrier for carrier, _ in started} == {*DEFAULT_PORTS}
    rings = [(carrier, options) for carrier, options in started if options.ring]
    assert {carrier for carrier, _ in rings} == {"telnyx", "plivo"}
    assert all(options.voice_url.endswith(f"/{carrier}") for carrier, options in rings)

"""Secrets that do not stand in the configuration file: where they are found, and which wins."""

from pathlib import Path

import pytest

from voicecalld.config_file import GivenSecret, Key, parse_config
from voicecalld.config_source import load_settings
from voicecalld.errors import ConfigError
from voicecalld.secrets_source import (
    LARGEST_CREDENTIAL_BYTES,
    VARIABLES,
    credential_name,
    find_secrets,
)
from voicecalld.service_rules import ACCOUNTS
from voicecalld.settings_reference import find_field, is_secret

TOKEN: Key = ("twilio", "auth_token")
SID = "AC0123456789abcdef0123456789abcdef"


def token_found(file: str, environment: dict[str, str], tmp_path: Path) -> str:
    """The token that the settings end up with."""
    path = tmp_path / "voicecalld.toml"
    path.write_text(file)
    settings, _ = load_settings(path, environment)
    return settings.twilio.auth_token.get_secret_value()


def complaint(file: str, environment: dict[str, str], tmp_path: Path) -> str:
    """The one line about what is wrong."""
    with pytest.raises(ConfigError) as caught:
        token_found(file, environment, tmp_path)
    (problem,) = caught.value.problems
    return problem


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    directory = tmp_path / "credentials"
    directory.mkdir()
    return directory


def test_every_key_that_may_stand_elsewhere_hides_its_value() -> None:
    """Also the name of an account: the secret may have been pasted in its place."""
    for key in VARIABLES:
        field = find_field(key)
        assert field is not None
        assert is_secret(field)


def test_a_credential_has_the_name_of_its_key_with_dashes() -> None:
    assert [credential_name(key) for key in VARIABLES] == [
        "twilio-account-sid",
        "twilio-auth-token",
        "twilio-shared-key",
        "telnyx-api-key",
        "telnyx-public-key",
        "telnyx-connection-id",
        "plivo-auth-id",
        "plivo-auth-token",
        "tts-elevenlabs-api-key",
        "tts-openai-api-key",
        "tts-deepgram-api-key",
        "stt-deepgram-api-key",
        "stt-openai-api-key",
        "stt-openai-http-api-key",
        "agent-openai-api-key",
        "agent-openclaw-token",
    ]


@pytest.mark.parametrize("key", VARIABLES, ids=credential_name)
def test_the_manual_names_both_other_places_of_a_key(key: Key) -> None:
    field = find_field(key)

    assert field is not None
    assert f"{credential_name(key)} " in f"{field.description}"
    assert f"environment variable {VARIABLES[key]} " in f"{field.description}"


def test_a_key_that_is_missing_is_asked_for_in_the_variable_that_is_read() -> None:
    asked = {(*service, "api_key"): account.variable for service, account in ACCOUNTS.items()}

    assert asked.items() <= VARIABLES.items()


def test_without_any_there_is_none(credentials: Path) -> None:
    assert find_secrets({}) == {}
    assert find_secrets({"CREDENTIALS_DIRECTORY": str(credentials)}) == {}


def test_the_file_wins_over_a_credential_and_that_over_the_environment(
    credentials: Path, tmp_path: Path
) -> None:
    (credentials / "twilio-auth-token").write_text("of-systemd\n")
    environment = {"TWILIO_AUTH_TOKEN": "of-the-shell"}
    both = {**environment, "CREDENTIALS_DIRECTORY": str(credentials)}

    assert token_found('twilio.auth_token = "of-the-file"', both, tmp_path) == "of-the-file"
    assert token_found("", both, tmp_path) == "of-systemd"
    assert token_found("", environment, tmp_path) == "of-the-shell"


@pytest.mark.parametrize("blank", ["", " ", "\t\n"])
def test_a_blank_one_counts_as_none(blank: str, credentials: Path, tmp_path: Path) -> None:
    (credentials / "twilio-auth-token").write_text(blank)
    environment = {"CREDENTIALS_DIRECTORY": str(credentials), "TWILIO_AUTH_TOKEN": "hunter2"}

    assert token_found('twilio.auth_token = ""', environment, tmp_path) == "hunter2"
    assert token_found("", {"TWILIO_AUTH_TOKEN": blank}, tmp_path) == ""


def test_the_shared_key_is_found_in_a_credential_or_in_the_environment(
    credentials: Path, tmp_path: Path
) -> None:
    environment = {"TWILIO_SHARED_KEY": "of-the-shell"}
    both = {**environment, "CREDENTIALS_DIRECTORY": str(credentials)}
    (credentials / "twilio-shared-key").write_text("of-systemd\n")

    found = [
        load_settings(None, given, system_file=tmp_path / "absent")[0].twilio.shared_key
        for given in (both, environment, {})
    ]

    assert [key.get_secret_value() for key in found] == ["of-systemd", "of-the-shell", ""]


def test_one_variable_may_open_several_services(credentials: Path, tmp_path: Path) -> None:
    (credentials / "stt-openai-http-api-key").write_text("of-systemd")
    environment = {"OPENAI_API_KEY": "of-the-shell", "CREDENTIALS_DIRECTORY": str(credentials)}
    file = tmp_path / "voicecalld.toml"
    file.write_text("tts.openai.api_key = 'of-the-file'")

    settings, _ = load_settings(file, environment)

    keys = [
        settings.tts.openai.api_key,
        settings.stt.openai.api_key,
        settings.stt.openai_http.api_key,
        settings.agent.openai.api_key,
    ]
    assert [key.get_secret_value() for key in keys] == [
        "of-the-file",
        "of-the-shell",
        "of-systemd",
        "of-the-shell",
    ]


@pytest.mark.parametrize(
    ("variable", "file"),
    [
        ("ELEVENLABS_API_KEY", "tts = {provider = 'elevenlabs', elevenlabs = {voice_id = 'a'}}"),
        ("OPENAI_API_KEY", "tts.provider = 'openai'"),
        ("DEEPGRAM_API_KEY", "tts.provider = 'deepgram'\nstt.provider = 'deepgram'"),
        ("OPENAI_API_KEY", "stt.provider = 'openai'"),
        ("OPENAI_API_KEY", "stt.provider = 'openai-http'"),
        ("OPENAI_API_KEY", "agent = {provider = 'openai', openai = {model = 'm'}}"),
    ],
)
def test_a_service_is_complete_with_the_key_of_its_variable(
    variable: str, file: str, tmp_path: Path
) -> None:
    path = tmp_path / "voicecalld.toml"
    path.write_text(file)

    assert load_settings(path, {variable: "hunter2"})
    with pytest.raises(ConfigError, match=variable):
        load_settings(path, {variable: " "})


def test_a_key_that_is_shared_in_the_file_wins_over_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "voicecalld.toml"
    path.write_text("messages.tts.elevenlabs.api_key = 'of-the-file'")

    settings, _ = load_settings(path, {"ELEVENLABS_API_KEY": "of-the-shell"})

    assert settings.tts.elevenlabs.api_key.get_secret_value() == "of-the-file"


def test_the_gateways_token_may_stand_in_the_environment(tmp_path: Path) -> None:
    environment = {"OPENCLAW_GATEWAY_TOKEN": "hunter2"}

    settings, _ = load_settings(None, environment, system_file=tmp_path / "absent")

    assert settings.agent.openclaw.token.get_secret_value() == "hunter2"


def test_a_variable_that_cannot_be_a_key_is_told_for_each_that_it_would_be(tmp_path: Path) -> None:
    path = tmp_path / "voicecalld.toml"
    path.write_text("")

    with pytest.raises(ConfigError) as caught:
        load_settings(path, {"DEEPGRAM_API_KEY": "hunter two"})

    form = "a text of at most 4000 characters of ASCII, without blanks"
    assert [*caught.value.problems] == [
        f"environment variable DEEPGRAM_API_KEY: {section}.deepgram.api_key: "
        f"found 10 characters that are not shown, allowed: {form}"
        for section in ("tts", "stt")
    ]


def test_they_are_read_also_without_a_configuration_file(tmp_path: Path) -> None:
    environment = {"TWILIO_ACCOUNT_SID": f" {SID}\n"}

    settings, file = load_settings(None, environment, system_file=tmp_path / "absent")

    assert (settings.twilio.account_sid, file) == (SID, None)


def test_a_carrier_is_complete_with_what_stands_elsewhere(tmp_path: Path) -> None:
    file = (
        'provider = "twilio"\nfrom_number = "+15550100"\n'
        'public_url = "https://voice.example.com/voice/webhook"\n'
    )
    environment = {"TWILIO_ACCOUNT_SID": SID, "TWILIO_AUTH_TOKEN": "hunter2"}

    assert token_found(file, environment, tmp_path) == "hunter2"


def test_telnyx_does_not_start_without_the_key_that_its_webhooks_are_known_by(
    tmp_path: Path,
) -> None:
    file = (
        'provider = "telnyx"\nfrom_number = "+15550100"\ntelnyx.connection_id = "1684641"\n'
        'public_url = "https://voice.example.com/voice/webhook"\n'
    )

    problem = complaint(file, {"TELNYX_API_KEY": "KEY1"}, tmp_path)

    assert problem == (
        f'{tmp_path / "voicecalld.toml"}: telnyx.public_key: provider is "telnyx", so it is '
        "needed: set it, or the environment variable TELNYX_PUBLIC_KEY, or the credential "
        "telnyx-public-key"
    )
    assert ConfigError.exit_status == 78


def test_a_wrong_value_is_told_with_where_it_came_from_and_no_secret_is_shown(
    credentials: Path, tmp_path: Path
) -> None:
    (credentials / "twilio-auth-token").write_text("hunter 2")
    environment = {"CREDENTIALS_DIRECTORY": str(credentials), "TWILIO_ACCOUNT_SID": "AC1"}
    path = tmp_path / "voicecalld.toml"
    path.write_text("ring_timeout_ms = 1")

    with pytest.raises(ConfigError) as caught:
        load_settings(path, environment)

    places = [problem.partition(": found")[0] for problem in caught.value.problems]
    assert places == [
        "environment variable TWILIO_ACCOUNT_SID: twilio.account_sid",
        "credential twilio-auth-token: twilio.auth_token",
        f"{path}: ring_timeout_ms",
    ]
    assert "hunter" not in str(caught.value)


@pytest.mark.parametrize("directory", ["", "relative"])
def test_a_directory_of_credentials_has_a_whole_path(
    directory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "relative").mkdir()
    for place in (tmp_path, tmp_path / "relative"):
        (place / "twilio-auth-token").write_text("hunter2")
    monkeypatch.chdir(tmp_path)

    assert find_secrets({"CREDENTIALS_DIRECTORY": directory}) == {}


def test_a_credential_that_cannot_be_read_is_told_with_its_file(
    credentials: Path, tmp_path: Path
) -> None:
    file = credentials / "twilio-auth-token"
    file.mkdir()
    environment = {"CREDENTIALS_DIRECTORY": str(credentials)}

    assert complaint("", environment, tmp_path) == f"{file}: cannot be read: Is a directory"


def test_a_credential_that_is_no_text_is_told_without_a_byte_of_it(
    credentials: Path, tmp_path: Path
) -> None:
    file = credentials / "twilio-auth-token"
    file.write_bytes(b"hunter2\xff")

    with pytest.raises(ConfigError) as caught:
        find_secrets({"CREDENTIALS_DIRECTORY": str(credentials)})

    assert str(caught.value) == f"{file}: not UTF-8 text"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_credential_as_large_as_a_disk_is_not_read_to_its_end(credentials: Path) -> None:
    (credentials / "twilio-auth-token").write_text("x" * (LARGEST_CREDENTIAL_BYTES + 1))

    with pytest.raises(ConfigError, match="larger than 64 KiB"):
        find_secrets({"CREDENTIALS_DIRECTORY": str(credentials)})


def test_a_secret_is_not_in_its_representation() -> None:
    assert "hunter2" not in repr(GivenSecret(text="hunter2", origin="nowhere"))


@pytest.mark.parametrize("text", ["twilio = 5", "twilio = []", "[[twilio]]"])
def test_what_stands_in_place_of_a_table_is_complained_about_all_the_same(text: str) -> None:
    secrets = {TOKEN: GivenSecret(text="hunter2", origin="nowhere")}

    with pytest.raises(ConfigError, match=r"FILE: twilio: found .*, allowed: a table"):
        parse_config(text, "FILE", secrets)

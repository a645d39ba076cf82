"""Where secrets come from that do not stand in the configuration file.

Whoever can read the file knows the secrets in it. A credential of systemd is read from
``$CREDENTIALS_DIRECTORY``, under the key's path with dashes; it wins over a variable of the
environment, which more programs can see. The file wins over both, and what is blank is not there.
Source: systemd.exec(5), "Credentials".
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from voicecalld.config_file import GivenSecret, Key
from voicecalld.errors import ConfigError

VARIABLES: Final[Mapping[Key, str]] = {
    ("twilio", "account_sid"): "TWILIO_ACCOUNT_SID",
    ("twilio", "auth_token"): "TWILIO_AUTH_TOKEN",
    ("twilio", "shared_key"): "TWILIO_SHARED_KEY",
    ("telnyx", "api_key"): "TELNYX_API_KEY",
    ("telnyx", "public_key"): "TELNYX_PUBLIC_KEY",
    ("telnyx", "connection_id"): "TELNYX_CONNECTION_ID",
    ("plivo", "auth_id"): "PLIVO_AUTH_ID",
    ("plivo", "auth_token"): "PLIVO_AUTH_TOKEN",
    ("tts", "elevenlabs", "api_key"): "ELEVENLABS_API_KEY",
    ("tts", "openai", "api_key"): "OPENAI_API_KEY",
    ("tts", "deepgram", "api_key"): "DEEPGRAM_API_KEY",
    ("stt", "deepgram", "api_key"): "DEEPGRAM_API_KEY",
    ("stt", "openai", "api_key"): "OPENAI_API_KEY",
    ("stt", "openai-http", "api_key"): "OPENAI_API_KEY",
    ("agent", "openai", "api_key"): "OPENAI_API_KEY",
    ("agent", "openclaw", "token"): "OPENCLAW_GATEWAY_TOKEN",
}
"""Every key that may stand elsewhere, and its variable, which may be that of others, too.

Not all of them are secret.
"""

LARGEST_CREDENTIAL_BYTES: Final = 64 * 1024


def find_secrets(environment: Mapping[str, str]) -> Mapping[Key, GivenSecret]:
    """All secrets that are given outside the configuration file, by their keys.

    Raises:
        ConfigError: a credential is there and cannot be read.
    """
    found: dict[Key, GivenSecret] = {}
    for key, variable in VARIABLES.items():
        secret = next(secrets_for(key, variable, environment), None)
        if secret is not None:
            found[key] = secret
    return found


def secrets_for(key: Key, variable: str, environment: Mapping[str, str]) -> Iterator[GivenSecret]:
    """What is given for *key*, the one that wins first."""
    directory = Path(environment.get("CREDENTIALS_DIRECTORY", ""))
    if directory.is_absolute():
        name = credential_name(key)
        text = read_credential(directory / name)
        if text:
            yield GivenSecret(text=text, origin=f"credential {name}")
    text = environment.get(variable, "").strip()
    if text:
        yield GivenSecret(text=text, origin=f"environment variable {variable}")


def credential_name(key: Key) -> str:
    """The name of the file that holds *key*, such as ``twilio-auth-token``."""
    return "-".join(key).replace("_", "-")


def read_credential(file: Path) -> str:
    """What is in *file* without the blanks around it; nothing if there is no such file.

    Raises:
        ConfigError: it cannot be read, is no text, or is far too large.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST_CREDENTIAL_BYTES + 1)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    if len(content) > LARGEST_CREDENTIAL_BYTES:
        raise ConfigError(f"{file}: larger than {LARGEST_CREDENTIAL_BYTES // 1024} KiB")
    try:
        return content.decode().strip()
    except UnicodeDecodeError:
        # Without its cause, whose message would show a byte of the secret.
        raise ConfigError(f"{file}: not UTF-8 text") from None

"""Where the configuration comes from: finding the file, reading it, and making its paths whole."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from voicecalld.config_file import parse_config
from voicecalld.errors import ConfigError
from voicecalld.secrets_source import find_secrets
from voicecalld.settings import Settings

SYSTEM_FILE: Final = Path("/etc/voicecalld/voicecalld.toml")
NO_FILE: Final = "no configuration file"
# Far more than every setting at its longest; a file above it was given by mistake.
LARGEST_FILE_BYTES: Final = 1024 * 1024


def load_settings(
    given: Path | None, environment: Mapping[str, str], *, system_file: Path = SYSTEM_FILE
) -> tuple[Settings, Path | None]:
    """The settings, and the file that they are from: ``None`` where all are defaults.

    Args:
        given: the file that the command line names; it must be there.
        environment: for ``XDG_CONFIG_HOME`` and ``HOME``, and for secrets.
        system_file: the file that comes before that of the user.

    Raises:
        ConfigError: the file or a secret cannot be read or used.
    """
    file = given or find_config(environment, system_file=system_file)
    if file is None:
        return parse_config("", NO_FILE, find_secrets(environment)), None
    settings = parse_config(read_config(file), str(file), find_secrets(environment))
    return with_whole_paths(settings, file.parent.absolute()), file


def find_config(environment: Mapping[str, str], *, system_file: Path = SYSTEM_FILE) -> Path | None:
    """The first file that is there: that of the system, then that of the user.

    One that is there and cannot be read is found all the same; to pass over it would be to run on
    other settings than the operator believes.
    """
    candidates = [system_file]
    home = user_config_home(environment)
    if home is not None:
        candidates.append(home / "voicecalld" / "voicecalld.toml")
    return next((file for file in candidates if is_there(file)), None)


def user_config_home(environment: Mapping[str, str]) -> Path | None:
    """The user's directory of configuration files; a service may have none.

    Source: XDG Base Directory Specification 0.8: a relative path is to be ignored.
    """
    given = Path(environment.get("XDG_CONFIG_HOME", ""))
    if given.is_absolute():
        return given
    home = Path(environment.get("HOME", ""))
    return home / ".config" if home.is_absolute() else None


def is_there(file: Path) -> bool:
    """Whether there is anything at *file*, readable or not."""
    try:
        file.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def read_config(file: Path) -> str:
    """The text of *file*, without the byte order mark that some editors put in front.

    Raises:
        ConfigError: it cannot be read, is no ordinary text, or is far too large.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise ConfigError(f"{file}: cannot be read: {reason or error}") from error
    if len(content) > LARGEST_FILE_BYTES:
        raise ConfigError(f"{file}: larger than {LARGEST_FILE_BYTES // 1024} KiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{file}: line {line}: not UTF-8 text") from None


def with_whole_paths(settings: Settings, directory: Path) -> Settings:
    """*settings* with the files that they name, relative to *directory*, by their whole paths."""

    def whole(path: str) -> str:
        return str(directory / path)

    phones = {number: phone.with_paths(whole) for number, phone in settings.mock.phones.items()}
    mock = settings.mock.model_copy(update={"phones": phones})
    agent = settings.agent.with_paths(whole)
    return settings.model_copy(update={"mock": mock, "agent": agent})

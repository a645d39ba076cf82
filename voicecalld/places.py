"""Where the daemon keeps its state; the environment is an argument."""

from collections.abc import Mapping
from pathlib import Path

from voicecalld.errors import StartError

NAME = "voicecalld"


def state_directory(environment: Mapping[str, str], configured: str) -> Path:
    """The folder of the journal and the keys: as configured, as systemd says, or the user's own.

    Raises:
        StartError: there is no such place, because not even a home folder is known.
    """
    if configured:
        return Path(configured)
    # systemd sets several folders apart with colons.
    given = environment.get("STATE_DIRECTORY", "").split(":")[0]
    if given:
        return Path(given)
    base = environment.get("XDG_STATE_HOME", "")
    if base.startswith("/"):
        return Path(base) / NAME
    home = environment.get("HOME", "")
    if home:
        return Path(home) / ".local" / "state" / NAME
    raise StartError("no place for the state: set store.path, XDG_STATE_HOME or HOME")

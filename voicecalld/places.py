"""Where the daemon keeps its state; the environment is an argument."""

from collections.abc import Mapping
from pathlib import Path

from voicecalld.errors import StartError
from voicecalld.rpc.paths import folder, user_state


def state_directory(environment: Mapping[str, str], configured: str) -> Path:
    """The folder of the journal and the keys: as configured, as systemd says, or the user's own.

    Raises:
        StartError: there is no such place, because not even a home folder is known.
    """
    if configured:
        return Path(configured)
    given = folder(environment, "STATE_DIRECTORY")
    if given is not None:
        return Path(given)
    base = user_state(environment)
    if base is not None:
        return Path(f"{base}/voicecalld")
    raise StartError("no place for the state: set store.path, XDG_STATE_HOME or HOME")

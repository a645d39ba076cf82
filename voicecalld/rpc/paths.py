"""Where the control socket is, for the daemon and for `voicecallctl`.

The environment is an argument. A variable that is empty, or a folder that is not absolute, counts
as unset. There is no socket in the shared temporary folder: whoever made the folder there first
would receive the operator's orders.
"""

from collections.abc import Mapping
from typing import Final

SYSTEM_SOCKET: Final = "/run/voicecalld/control.sock"
"""The socket of the system's daemon, as its unit makes it."""


def daemon_socket(*, given: str | None, environment: Mapping[str, str]) -> str:
    """Where the daemon listens: the first place that `client_sockets` would look at."""
    return client_sockets(given=given, environment=environment)[0]


def client_sockets(*, given: str | None, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Where `voicecallctl` looks for a daemon, in this order; at least one place.

    Args:
        given: the value of ``--socket``.
        environment: the process's variables.

    A path given by option or by ``VOICECALLD_SOCKET`` is the only one: nobody who names a daemon
    wants another one.
    """
    named = given or environment.get("VOICECALLD_SOCKET")
    if named:
        return (named,)
    return (*user_sockets(environment), SYSTEM_SOCKET)


def user_sockets(environment: Mapping[str, str]) -> list[str]:
    """The sockets of this process's own user."""
    own = folder(environment, "RUNTIME_DIRECTORY")
    session = folder(environment, "XDG_RUNTIME_DIR")
    found = [] if own is None else [f"{own}/control.sock"]
    bases = (session, user_state(environment))
    found.extend(f"{base}/voicecalld/control.sock" for base in bases if base is not None)
    return found


def user_state(environment: Mapping[str, str]) -> str | None:
    """The folder below which this process's own user keeps the state of programs, if any.

    Source: XDG Base Directory Specification 0.8.
    """
    state = folder(environment, "XDG_STATE_HOME")
    home = folder(environment, "HOME")
    return f"{home}/.local/state" if state is None and home is not None else state


def folder(environment: Mapping[str, str], name: str) -> str | None:
    """The absolute folder in a variable, without its last slash; the first one if several.

    systemd sets the folders of ``RUNTIME_DIRECTORY`` and its like apart with colons.
    """
    value = environment.get(name, "")
    if name.endswith("_DIRECTORY"):
        value = value.split(":")[0]
    return value.rstrip("/") if value.startswith("/") else None

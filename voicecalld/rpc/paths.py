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
    # systemd sets several folders apart with colons.
    runtime = folder(environment, "RUNTIME_DIRECTORY").split(":")[0]
    session = folder(environment, "XDG_RUNTIME_DIR")
    state = folder(environment, "XDG_STATE_HOME")
    home = folder(environment, "HOME")
    if home and not state:
        state = f"{home}/.local/state"
    found = []
    if runtime:
        found.append(f"{runtime}/control.sock")
    found.extend(f"{base}/voicecalld/control.sock" for base in (session, state) if base)
    return found


def folder(environment: Mapping[str, str], name: str) -> str:
    """The absolute folder in a variable, without its last slash; else an empty string."""
    value = environment.get(name, "")
    return value.rstrip("/") if value.startswith("/") else ""

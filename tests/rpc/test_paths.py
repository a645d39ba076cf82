import pytest

from voicecalld.rpc.paths import SYSTEM_SOCKET, client_sockets, daemon_socket

EVERYTHING = {
    "VOICECALLD_SOCKET": "/named.sock",
    "RUNTIME_DIRECTORY": "/run/one:/run/two",
    "XDG_RUNTIME_DIR": "/run/user/7/",
    "XDG_STATE_HOME": "/state",
    "HOME": "/home/ann",
}


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in EVERYTHING.items() if name not in names}


@pytest.mark.parametrize(
    ("given", "environment", "path"),
    [
        ("relative.sock", EVERYTHING, "relative.sock"),
        (None, EVERYTHING, "/named.sock"),
        ("", EVERYTHING, "/named.sock"),
        (None, without("VOICECALLD_SOCKET"), "/run/one/control.sock"),
        (
            None,
            without("VOICECALLD_SOCKET", "RUNTIME_DIRECTORY"),
            "/run/user/7/voicecalld/control.sock",
        ),
        (None, {"XDG_STATE_HOME": "/state", "HOME": "/h"}, "/state/voicecalld/control.sock"),
        (None, {"HOME": "/home/ann"}, "/home/ann/.local/state/voicecalld/control.sock"),
        (None, {}, SYSTEM_SOCKET),
        (None, {"HOME": "/"}, "/.local/state/voicecalld/control.sock"),
        (None, {"VOICECALLD_SOCKET": "", "XDG_RUNTIME_DIR": "not/absolute"}, SYSTEM_SOCKET),
    ],
)
def test_the_daemon_listens_at_the_first_place_that_is_known(
    given: str | None, environment: dict[str, str], path: str
) -> None:
    assert daemon_socket(given=given, environment=environment) == path


def test_clients_look_at_their_own_daemons_before_the_systems() -> None:
    found = client_sockets(given=None, environment=without("VOICECALLD_SOCKET"))

    assert found == (
        "/run/one/control.sock",
        "/run/user/7/voicecalld/control.sock",
        "/state/voicecalld/control.sock",
        SYSTEM_SOCKET,
    )


def test_a_daemon_that_is_named_is_the_only_one_looked_for() -> None:
    assert client_sockets(given="/a", environment=EVERYTHING) == ("/a",)

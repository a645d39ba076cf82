import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from voicecalld.secrets_source import VARIABLES, credential_name
from voicecalld.settings import Settings

UNITS = Path(__file__).parents[1] / "systemd"

# Tenths: 1.2 is what is left for a service with the network and the host's own users.
MOST_EXPOSURE = 12

needs_systemd_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="UNIT FILES NOT CHECKED: systemd-analyze is not installed",
)


class Unit(configparser.ConfigParser):
    """A unit file, of whose repeated keys the last counts."""

    def __init__(self, name: str) -> None:
        super().__init__(strict=False, interpolation=None, delimiters=("=",))
        self.read(UNITS / name)

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def installed_units(tmp_path: Path) -> list[Path]:
    """Copies of all units with programs that exist here, as systemd looks for them."""
    copies = []
    for unit in sorted(UNITS.iterdir()):
        copy = tmp_path / unit.name
        copy.write_text(
            re.sub(r"^(Exec\w+=[-@:+!]*)\S+", r"\1/bin/true", unit.read_text(), flags=re.MULTILINE)
        )
        copies.append(copy)
    return copies


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False
    )


@needs_systemd_analyze
def test_systemd_finds_nothing_to_complain_about(tmp_path: Path) -> None:
    verdict = analyze("verify", "--man=no", *installed_units(tmp_path))

    assert (verdict.returncode, verdict.stdout, verdict.stderr) == (0, "", "")


@needs_systemd_analyze
def test_the_service_is_exposed_to_as_little_as_it_can(tmp_path: Path) -> None:
    installed_units(tmp_path)

    verdict = analyze(
        "security",
        "--offline=true",
        f"--threshold={MOST_EXPOSURE}",
        tmp_path / "voicecalld.service",
    )

    assert verdict.returncode == 0, verdict.stdout


def test_the_service_may_listen_at_the_default_port_but_at_none_that_only_root_may_use() -> None:
    service = Unit("voicecalld.service")["Service"]
    first, last = service["SocketBindAllow"].removeprefix("tcp:").split("-")

    assert service["SocketBindDeny"] == "any"
    assert 1024 <= int(first) <= Settings().serve.port <= int(last)
    assert set(service["RestrictAddressFamilies"].split()) == {"AF_UNIX", "AF_INET", "AF_INET6"}


def test_the_control_socket_is_for_its_owner_only() -> None:
    assert Unit("voicecalld.socket")["Socket"]["SocketMode"] == "0600"


def test_the_service_does_not_take_the_control_socket_away_with_its_own_directory() -> None:
    # systemd removes a service's runtime directory, and all in it, when the service stops
    socket_path = Unit("voicecalld.socket")["Socket"]["ListenStream"].removeprefix("%t/")
    directory = Unit("voicecalld.service")["Service"]["RuntimeDirectory"]

    assert Path(directory) not in Path(socket_path).parents


def test_the_service_is_handed_every_secret_that_may_be_a_credential() -> None:
    text = (UNITS / "voicecalld.service").read_text()

    loaded = re.findall(r"^LoadCredential=(.+)$", text, re.MULTILINE)

    assert loaded == [credential_name(key) for key in VARIABLES]


def test_a_wrong_configuration_is_not_tried_again() -> None:
    assert Unit("voicecalld.service")["Service"]["RestartPreventExitStatus"] == "78"

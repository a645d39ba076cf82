"""The README keeps its word: its commands exist, all of them are in it, and so are its files."""

import argparse
import re
import shlex
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from voicecalld.config_file import parse_config
from voicecalld.config_source import load_settings
from voicecalld.ctl.commands import COMMANDS
from voicecalld.ctl.parser import build_parser
from voicecalld.daemon_options import build_parser as build_daemon_parser
from voicecalld.settings_reference import build_tables

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CODE = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def command_lines(program: str) -> list[list[str]]:
    """The arguments of *program*, wherever the README runs it."""
    prompts = [line[2:] for _, block in CODE for line in block.splitlines() if line[:2] == "$ "]
    inline = re.findall(r"`([^`\n]+)`", README)
    words = [shlex.split(line) for line in (*prompts, *inline) if program in line]
    return [
        line[at + 1 :]
        for line in words
        for at, word in enumerate(line)
        if word.rpartition("/")[2] == program and (at == 0 or line[at - 1] == "sudo")
    ]


def name_of(options: argparse.Namespace) -> str:
    """The command as its users know it."""
    names = (options.command, getattr(options, "mock_command", None))
    return " ".join(name for name in names if name)


def named_files() -> Iterator[str]:
    """What the README links to, and what it names by a path of this repository."""
    yield from re.findall(r"\]\((?!https?:|#)([^)]+)\)", README)
    yield from re.findall(r"`((?:voicecalld|config|systemd|man|tests)/[^`\s]*)`", README)
    yield from re.findall(r"(?<=\s)((?:config|systemd)/[\w.-]+)", README)


@pytest.mark.parametrize("arguments", [line for line in command_lines("voicecallctl") if line])
def test_every_command_line_is_accepted(arguments: list[str]) -> None:
    options = build_parser().parse_args(arguments)

    assert name_of(options) in COMMANDS


@pytest.mark.parametrize("arguments", command_lines("voicecalld"))
def test_every_command_line_of_the_daemon_is_accepted(arguments: list[str]) -> None:
    build_daemon_parser().parse_args(arguments)


def test_every_command_is_shown_with_what_it_prints() -> None:
    shown = {
        name_of(build_parser().parse_args(shlex.split(line)))
        for line in re.findall(r"^\$ voicecallctl (.*)\n(?!\$)", README, re.MULTILINE)
    }

    assert shown == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(set(named_files())))
def test_every_file_that_is_named_exists(name: str) -> None:
    assert (ROOT / name).exists()


def test_the_configuration_is_accepted_by_the_daemon() -> None:
    (text,) = [block for language, block in CODE if language == "toml"]

    settings = parse_config(text, "README.md")

    assert settings.inbound_policy == "open"


@pytest.mark.parametrize(
    ("carrier", "secret"),
    [
        ("twilio", "TWILIO_AUTH_TOKEN"),
        ("telnyx", "TELNYX_API_KEY"),
        ("plivo", "PLIVO_AUTH_TOKEN"),
    ],
)
def test_what_it_tells_to_say_of_a_carrier_is_all_that_the_daemon_needs(
    carrier: str, secret: str, tmp_path: Path
) -> None:
    steps = re.search(rf"^## With {carrier.title()}\n(.*?)^## ", README, re.MULTILINE | re.DOTALL)
    assert steps is not None
    (text,) = re.findall(r"^   ```toml\n(.*?)^   ```$", steps[1], re.MULTILINE | re.DOTALL)
    file = tmp_path / "voicecalld.toml"
    file.write_text(textwrap.dedent(text), encoding="utf-8")

    settings, _ = load_settings(file, {secret: "hunter2"})

    assert f"`{secret}`" in steps[1]
    assert settings.provider == carrier
    assert settings.accounts[carrier].has_account


SERVICES = re.search(
    r"^## Speech services and agents\n(.*?)^## ", README, re.MULTILINE | re.DOTALL
)
KEYS = {"ELEVENLABS_API_KEY", "DEEPGRAM_API_KEY", "OPENAI_API_KEY", "OPENCLAW_GATEWAY_TOKEN"}


@pytest.mark.parametrize(
    ("number", "chosen", "variables"),
    [
        (
            0,
            ("elevenlabs", "deepgram", "openai"),
            {"ELEVENLABS_API_KEY", "DEEPGRAM_API_KEY", "OPENAI_API_KEY"},
        ),
        (1, ("embedded", "openai-http", "openai"), set[str]()),
        (2, ("embedded", "embedded", "openclaw"), {"OPENCLAW_GATEWAY_TOKEN"}),
        (3, ("embedded", "embedded", "command"), set[str]()),
    ],
)
def test_what_it_tells_to_say_of_services_is_all_that_they_need(
    number: int, chosen: tuple[str, str, str], variables: set[str], tmp_path: Path
) -> None:
    assert SERVICES is not None
    items = SERVICES[1].split("\n* ")[1:]
    (text,) = re.findall(r"^  ```toml\n(.*?)^  ```$", items[number], re.MULTILINE | re.DOTALL)
    file = tmp_path / "voicecalld.toml"
    file.write_text(textwrap.dedent(text), encoding="utf-8")

    settings, _ = load_settings(file, dict.fromkeys(variables, "hunter2"))

    assert {name for name in KEYS if f"`{name}`" in items[number]} == variables
    assert (settings.tts.provider, settings.stt.provider, settings.agent.provider) == chosen


def test_every_setting_in_the_table_exists() -> None:
    keys = {".".join((*table.path, key.name)) for table in build_tables() for key in table.keys}
    tables = {".".join(table.path[:-1]) for table in build_tables()}

    cells = re.findall(r"^\| [^|]+ \| (`[^|]+) \|$", README, re.MULTILINE)
    named = {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}

    assert len(named) > 5
    assert named - keys - tables == set()


@pytest.mark.parametrize("target", re.findall(r"^    make (\w+)", README, re.MULTILINE))
def test_every_make_target_exists(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_the_extra_that_is_installed_exists() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    extras = set(re.findall(r"\.\[(\w+)\]", README))

    assert extras == {"offline"}
    assert extras <= set(project["optional-dependencies"])


def test_the_changelog_has_the_version_of_the_package() -> None:
    from voicecalld import __version__

    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    assert f"## [{__version__}]" in changelog

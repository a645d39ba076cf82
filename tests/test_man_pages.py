"""The manual and the example file: up to date, well-formed, and true."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from voicecalld.config_file import parse_config
from voicecalld.ctl.parser import build_parser
from voicecalld.errors import RequestError
from voicecalld.rpc.jsonrpc import PROTOCOL_ERRORS
from voicecalld.rpc.methods import METHODS
from voicecalld.settings import Settings
from voicecalld.settings_reference import build_tables

ROOT = Path(__file__).parent.parent
MAN = ROOT / "man"
PAGES = sorted(MAN.glob("*.[1-9]"))
EXAMPLE = ROOT / "config" / "voicecalld.toml"
SKILL = ROOT / "skills" / "voice-call" / "SKILL.md"

PAGES_OF_OTHERS = {"systemd.1"}
"""Pages that ours may refer to; it may only get shorter."""

METHODS_WITHOUT_COMMAND = {"voice_call"}
"""Methods that no command of voicecallctl uses; it may only get shorter."""


def page(name: str) -> str:
    return (MAN / name).read_text()


def regenerate(*options: str, root: Path) -> subprocess.CompletedProcess[str]:
    script = root / "man" / "regenerate.py"
    return subprocess.run(
        [sys.executable, script, *options], capture_output=True, text=True, check=False, cwd=ROOT
    )


@pytest.fixture
def copy_of_docs(tmp_path: Path) -> Path:
    """What the generator works on, where a test may spoil it."""
    shutil.copytree(MAN, tmp_path / "man")
    shutil.copytree(EXAMPLE.parent, tmp_path / "config")
    return tmp_path


def test_nothing_generated_is_stale() -> None:
    checked = regenerate("--check", root=ROOT)

    assert (checked.stdout, checked.stderr, checked.returncode) == ("", "", 0)


def test_a_stale_region_is_shown_as_a_difference_and_then_mended(copy_of_docs: Path) -> None:
    spoilt = copy_of_docs / "man" / "voicecalld.8"
    spoilt.write_text(page("voicecalld.8").replace(".It Fl -version", ".It Fl -verzion"))

    checked = regenerate("--check", root=copy_of_docs)
    mended = regenerate(root=copy_of_docs)

    assert checked.returncode == 1
    assert "-.It Fl -verzion\n+.It Fl -version\n" in checked.stdout
    assert (mended.returncode, mended.stdout) == (0, "wrote man/voicecalld.8\n")
    assert spoilt.read_text() == page("voicecalld.8")


def test_a_page_that_has_lost_its_marks_is_not_passed_over(copy_of_docs: Path) -> None:
    (copy_of_docs / "man" / "voicecalld.8").write_text(".Dd\n")

    checked = regenerate("--check", root=copy_of_docs)

    assert checked.returncode == 1
    assert "no region 'options'" in checked.stderr


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_mandoc_finds_no_fault(path: Path) -> None:
    mandoc = shutil.which("mandoc")
    if mandoc is None:
        pytest.skip("mandoc is not installed, so no page is checked")

    linted = subprocess.run(
        [mandoc, "-T", "lint", "-W", "warning", path], capture_output=True, text=True, check=False
    )

    assert (linted.stdout, linted.returncode) == ("", 0)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_refers_only_to_pages_that_there_are(path: Path) -> None:
    referred = {
        f"{name}.{section}"
        for name, section in re.findall(r"^\.Xr (\S+) (\d)", path.read_text(), re.MULTILINE)
    }

    assert referred
    assert referred <= {known.name for known in PAGES} | PAGES_OF_OTHERS
    assert path.name not in referred


def test_every_method_is_in_the_page_of_the_protocol() -> None:
    described = re.findall(r"^\.Ss ([a-z_.]+)$", page("voicecall-rpc.7"), re.MULTILINE)

    assert described == [*METHODS]


def test_every_error_code_has_one_meaning() -> None:
    codes = [*PROTOCOL_ERRORS, *(error.code for error in RequestError.__subclasses__())]

    assert sorted(codes) == sorted({*codes})
    for code in codes:
        assert f"\n.It {code}\n" in page("voicecall-rpc.7")


def test_every_method_has_a_command_or_a_reason() -> None:
    from voicecalld.ctl.commands import COMMANDS

    used = {method for command in COMMANDS.values() for method in command.methods}

    assert {*METHODS} - used == METHODS_WITHOUT_COMMAND


def test_every_setting_is_in_the_page_of_the_settings() -> None:
    described = re.findall(r"^\.It Va (\w+)$", page("voicecalld.toml.5"), re.MULTILINE)

    assert described == [key.name for table in build_tables() for key in table.keys]


def test_the_example_file_changes_nothing() -> None:
    assert parse_config(EXAMPLE.read_text(), "example") == Settings()


def test_the_example_file_says_the_defaults_once_it_is_uncommented() -> None:
    uncommented = re.sub(r"^#(?! \S)", "", EXAMPLE.read_text(), flags=re.MULTILINE)

    assert parse_config(uncommented, "example") == Settings()
    for table in build_tables():
        if "phones" in table.path:
            continue
        assert not table.path or f"\n[{'.'.join(table.path)}]\n" in uncommented
        for key in table.keys:
            assert key.default is None or f"\n{key.name} = " in uncommented


def test_the_telephone_of_the_example_file_can_be_used() -> None:
    lines = EXAMPLE.read_text().splitlines()
    beginning = lines.index('# [mock.phones."+15550100"]')

    settings = parse_config("\n".join(line[2:] for line in lines[beginning:]), "example")

    (phone,) = settings.mock.phones.values()
    assert [step.when for step in phone.steps] == ["answered", "agent-stops"]


def literal_blocks(text: str) -> list[str]:
    return re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", text, re.MULTILINE | re.DOTALL)


def test_the_examples_of_settings_can_be_used() -> None:
    examples = page("voicecalld.toml.5").partition(".Sh EXAMPLES")[2]

    blocks = literal_blocks(examples)

    assert len(blocks) == 2
    for block in blocks:
        assert parse_config(block, "example") != Settings()


def commands_in(text: str) -> list[list[str]]:
    """Every voicecallctl command that *text* tells its reader to type."""
    joined = re.sub(r"\\e?\n\s*", " ", text).replace("\\(dq", '"')
    found = re.findall(r"^(?:\.Dl )?(?:\$ )?voicecallctl (.+)$", joined, re.MULTILINE)
    return [shlex.split(line) for line in found]


@pytest.mark.parametrize("path", [*PAGES, SKILL], ids=lambda path: path.name)
def test_every_command_in_the_examples_is_understood(path: Path) -> None:
    commands = commands_in(path.read_text())

    assert commands or path.name in {"voicecall-rpc.7", "voicecalld.toml.5"}
    for command in commands:
        build_parser().parse_args(command)


def test_the_skill_names_every_action_of_the_tool() -> None:
    from voicecalld.control.tool import ACTIONS

    text = SKILL.read_text()

    assert {action for action in ACTIONS if f"`{action}`" in text} == {*ACTIONS}

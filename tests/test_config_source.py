"""Which file is read, and what happens to one that cannot be."""

import os
from pathlib import Path

import pytest

from voicecalld.config_source import LARGEST_FILE_BYTES, find_config, load_settings, read_config
from voicecalld.errors import ConfigError
from voicecalld.settings import Settings


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def problem_with(file: Path) -> str:
    """The one thing that is wrong with *file*, without its name."""
    with pytest.raises(ConfigError) as caught:
        read_config(file)
    (problem,) = caught.value.problems
    assert problem.startswith(f"{file}: ")
    return problem.removeprefix(f"{file}: ")


def test_without_any_file_every_setting_has_its_default(tmp_path: Path) -> None:
    loaded = load_settings(None, {"HOME": str(tmp_path)}, system_file=tmp_path / "absent")

    assert loaded == (Settings(), None)


def test_the_file_that_is_given_wins_over_all_others(tmp_path: Path) -> None:
    given = write(tmp_path / "given.toml", "drain_seconds = 1")
    system = write(tmp_path / "system.toml", "drain_seconds = 2")

    settings, file = load_settings(given, {}, system_file=system)

    assert (settings.drain_seconds, file) == (1, given)


def test_a_given_file_that_is_not_there_is_not_replaced_by_another(tmp_path: Path) -> None:
    system = write(tmp_path / "system.toml", "drain_seconds = 2")

    with pytest.raises(ConfigError, match="No such file"):
        load_settings(tmp_path / "absent.toml", {}, system_file=system)


def test_the_systems_file_wins_over_the_users(tmp_path: Path) -> None:
    system = write(tmp_path / "system.toml", "")
    write(tmp_path / "voicecalld" / "voicecalld.toml", "")

    found = find_config({"XDG_CONFIG_HOME": str(tmp_path)}, system_file=system)

    assert found == system


def test_the_users_file_is_below_the_directory_that_xdg_names(tmp_path: Path) -> None:
    user = write(tmp_path / "xdg" / "voicecalld" / "voicecalld.toml", "")
    write(tmp_path / ".config" / "voicecalld" / "voicecalld.toml", "")
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "xdg"), "HOME": str(tmp_path)}

    assert find_config(environment, system_file=tmp_path / "absent") == user


@pytest.mark.parametrize("xdg", [{}, {"XDG_CONFIG_HOME": ""}, {"XDG_CONFIG_HOME": "relative"}])
def test_the_users_file_is_else_below_the_home_directory(
    tmp_path: Path, xdg: dict[str, str]
) -> None:
    user = write(tmp_path / ".config" / "voicecalld" / "voicecalld.toml", "")

    assert find_config({**xdg, "HOME": str(tmp_path)}, system_file=tmp_path / "absent") == user


def test_a_service_without_a_home_has_no_file_of_a_user(tmp_path: Path) -> None:
    assert find_config({}, system_file=tmp_path / "absent") is None


def test_a_file_that_leads_nowhere_is_complained_about_and_not_passed_over(
    tmp_path: Path,
) -> None:
    system = tmp_path / "system.toml"
    system.symlink_to(tmp_path / "absent")

    with pytest.raises(ConfigError, match=r"system\.toml: cannot be read: No such file"):
        load_settings(None, {}, system_file=system)


def test_a_place_that_cannot_even_be_looked_at_counts_as_a_file(tmp_path: Path) -> None:
    # Too long a name for the kernel, which is true for root as well; a closed folder is not.
    unreachable = tmp_path / ("x" * 300)

    assert find_config({}, system_file=unreachable) == unreachable


def test_a_file_below_something_that_is_no_directory_is_not_there(tmp_path: Path) -> None:
    obstacle = write(tmp_path / "file", "")

    assert find_config({}, system_file=obstacle / "voicecalld.toml") is None


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    assert problem_with(tmp_path) == "cannot be read: Is a directory"


def test_a_name_that_no_file_can_have_is_complained_about(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: embedded null byte"):
        read_config(tmp_path / "a\0b")


@pytest.mark.parametrize("content", [b"\xff", b"# \xe9", b'\xef\xbb\xbf"\xc3"'])
def test_bytes_that_are_not_utf8_are_told_with_their_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "voicecalld.toml"
    file.write_bytes(b"# one\n# two\n" + content)

    assert problem_with(file) == "line 3: not UTF-8 text"


def test_a_byte_order_mark_is_not_part_of_the_text(tmp_path: Path) -> None:
    file = tmp_path / "voicecalld.toml"
    file.write_bytes(b"\xef\xbb\xbfdrain_seconds = 1\r\n")

    settings, _ = load_settings(file, {})

    assert settings.drain_seconds == 1


def test_a_file_may_have_a_mebibyte_and_no_byte_more(tmp_path: Path) -> None:
    file = write(tmp_path / "voicecalld.toml", "#" * LARGEST_FILE_BYTES)
    assert len(read_config(file)) == LARGEST_FILE_BYTES

    file.write_text("#" * (LARGEST_FILE_BYTES + 1))

    assert problem_with(file) == "larger than 1024 KiB"


def test_an_endless_file_is_not_read_to_its_end() -> None:
    assert problem_with(Path("/dev/zero")) == "larger than 1024 KiB"


def test_every_mistake_names_the_file_as_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "voicecalld.toml", "tunr = 1")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigError) as caught:
        load_settings(Path("voicecalld.toml"), {})

    assert caught.value.problems == ('voicecalld.toml: tunr: unknown key; did you mean "turn"?',)


def test_files_that_a_telephone_names_are_relative_to_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(
        tmp_path / "conf" / "voicecalld.toml",
        '[mock.phones."+15550100"]\nrecord = "out.wav"\n'
        'steps = [{wav = "in.wav"}, {wav = "/whole.wav"}, {say = "hello"}]\n'
        '[mock.phones."+15550101"]\nscript = "party.toml"\n',
    )
    monkeypatch.chdir(tmp_path)

    settings, _ = load_settings(Path(os.path.relpath(file)), {})

    first, second = settings.mock.phones.values()
    assert first.record == str(tmp_path / "conf" / "out.wav")
    assert [step.wav for step in first.steps] == [
        str(tmp_path / "conf" / "in.wav"),
        "/whole.wav",
        None,
    ]
    assert (first.script, second.record) == ("", "")
    assert second.script == str(tmp_path / "conf" / "party.toml")

"""The daemon's command line."""

from pathlib import Path

import pytest

from voicecalld import __version__
from voicecalld.daemon_options import build_parser


def test_without_options_nothing_is_given() -> None:
    options = build_parser().parse_args([])

    assert vars(options) == {"config": None, "check_config": False, "socket": None}


def test_every_option_is_read() -> None:
    options = build_parser().parse_args(["--config", "a", "--check-config", "--socket", "b"])

    assert vars(options) == {"config": Path("a"), "check_config": True, "socket": "b"}


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        build_parser().parse_args(["--version"])

    assert caught.value.code == 0
    assert capsys.readouterr().out == f"voicecalld {__version__}\n"


@pytest.mark.parametrize("argv", [["--check"], ["file"], ["--config"]])
def test_what_is_not_understood_is_refused(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        build_parser().parse_args(argv)

    assert caught.value.code == 2
    assert "usage: voicecalld" in capsys.readouterr().err

"""The map of the program, in the docstring of its package, leads to files that are there."""

import re
from pathlib import Path

import voicecalld

PACKAGE = Path(voicecalld.__file__).parent


def named_files() -> list[str]:
    assert voicecalld.__doc__ is not None
    return re.findall(r"[a-z_/]+\.py\b", voicecalld.__doc__)


def test_every_file_that_the_map_names_exists() -> None:
    missing = [name for name in named_files() if not (PACKAGE / name).is_file()]

    assert len(named_files()) > 20
    assert missing == []


def test_every_folder_that_the_map_names_exists() -> None:
    assert voicecalld.__doc__ is not None

    folders = re.findall(r"``([a-z]+/)``", voicecalld.__doc__)

    assert len(folders) > 3
    assert [folder for folder in folders if not (PACKAGE / folder).is_dir()] == []


def test_the_life_of_a_call_leads_through_every_package_that_takes_part_in_it() -> None:
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}

    visited = {name.split("/")[0] for name in named_files() if "/" in name}

    # The language of the control socket, its command line, and the demo only watch.
    assert packages - visited == {"ctl", "demo", "rpc"}

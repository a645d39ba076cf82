"""Writes what the manual and the example file can learn from the program itself.

usage: python man/regenerate.py [--check]

A page is prose by hand; the regions between BEGIN GENERATED and END GENERATED are made by the
modules beside this one, and so is config/voicecalld.toml as a whole. With ``--check`` nothing is
written: a difference is shown and the exit status is 1.
"""

import argparse
import difflib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from example_file import build_example_file
from option_regions import ctl_command_region, ctl_option_region, daemon_option_region
from protocol_regions import error_region, method_region, state_region
from settings_region import settings_region

ROOT: Final = Path(__file__).resolve().parent.parent
EXAMPLE_FILE: Final = "config/voicecalld.toml"

REGIONS: Final[Mapping[str, Mapping[str, Callable[[], Iterable[str]]]]] = {
    "voicecalld.8": {"options": daemon_option_region},
    "voicecallctl.1": {"options": ctl_option_region, "commands": ctl_command_region},
    "voicecalld.toml.5": {"settings": settings_region},
    "voicecall-rpc.7": {
        "methods": method_region,
        "states": state_region,
        "errors": error_region,
    },
}


def main() -> int:
    """Write the files, or compare them; gives the exit status."""
    parser = argparse.ArgumentParser(description="Write the generated parts of the manual.")
    parser.add_argument("--check", action="store_true", help="compare only")
    check = parser.parse_args().check
    stale = [
        (path, old, new)
        for path, (old, new) in ((path, (read(path), build(path))) for path in generated_files())
        if old != new
    ]
    for path, old, new in stale:
        if check:
            sys.stdout.writelines(difference(path, old, new))
        else:
            (ROOT / path).write_text(new, encoding="utf-8")
            print(f"wrote {path}")
    return 1 if check and stale else 0


def generated_files() -> list[str]:
    """The files with something generated in them, from the root of the repository."""
    return [EXAMPLE_FILE, *(f"man/{page}" for page in REGIONS)]


def read(path: str) -> str:
    """What the file holds now."""
    return (ROOT / path).read_text(encoding="utf-8")


def build(path: str) -> str:
    """What the file should hold."""
    if path == EXAMPLE_FILE:
        return build_example_file()
    text = read(path)
    for name, lines in REGIONS[Path(path).name].items():
        text = with_region(text, name, lines())
    return text


def with_region(text: str, name: str, lines: Iterable[str]) -> str:
    """*text* with *lines* as the content of a region; its marks must be there."""
    begin, end = f'.\\" BEGIN GENERATED {name}\n', f'.\\" END GENERATED {name}\n'
    before, found_begin, rest = text.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        raise SystemExit(f"no region {name!r} in the page")
    content = "".join(f"{line}\n" for line in lines)
    return f"{before}{begin}{content}{end}{after}"


def difference(path: str, old: str, new: str) -> Iterator[str]:
    """A unified diff from what is there to what should be."""
    return difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), path, f"{path} (generated)"
    )


if __name__ == "__main__":
    sys.exit(main())

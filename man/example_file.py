"""The example file of settings: every one of them at its default, with what is to be known."""

import textwrap
from collections.abc import Mapping
from typing import Final

import tomlkit

from voicecalld.settings_reference import NUMBER_PLACEHOLDER, Key, Table, build_tables

EXAMPLE_INTRODUCTION: Final = """\
Settings of voicecalld. Every setting is here at its default, commented out: take the # away in \
front of a table's name and of a key, and change the value. voicecalld.toml(5) is the reference; \
voicecalld --check-config finds mistakes."""

EXAMPLE_PHONES: Final = f"""\
# A telephone of the mock carrier that talks: the party says hello as it answers, a sentence when
# our side has stopped speaking, and hangs up after the answer to that. Any other number answers,
# and listens.
#
# [mock.phones."{NUMBER_PLACEHOLDER}"]
# answers_after_ms = 500
#
# [[mock.phones."{NUMBER_PLACEHOLDER}".steps]]
# say = "hello"
# when = "answered"
#
# [[mock.phones."{NUMBER_PLACEHOLDER}".steps]]
# say = "yes please"
"""


def build_example_file() -> str:
    """Every setting at its default, commented out.

    A ``#`` and a blank begin prose; a ``#`` alone is in front of what can be uncommented.
    """
    tables = [table for table in build_tables() if NUMBER_PLACEHOLDER not in table.path]
    parts = [prose(EXAMPLE_INTRODUCTION), *map(example_table, tables), EXAMPLE_PHONES]
    return "\n".join(parts)


def example_table(table: Table) -> str:
    """One table with its keys."""
    heading = f"{prose(table.sentence)}#[{'.'.join(table.path)}]\n" if table.path else ""
    keys = "\n".join(example_key(key) for key in table.keys)
    return f"{heading}\n{keys}"


def example_key(key: Key) -> str:
    """One key with its sentence and what is allowed."""
    explained = prose(key.sentence) + prose(f"Allowed: {key.allowed}.")
    if key.default is None:
        return f"{explained}# {key.name} is not set by default.\n"
    lines = f"{key.name} = {toml_value(key.default)}".splitlines()
    return explained + "".join(f"#{line}\n" for line in lines)


def prose(text: str) -> str:
    """*text* as comment lines."""
    return textwrap.fill(text, 78, initial_indent="# ", subsequent_indent="# ") + "\n"


def toml_value(value: object) -> str:
    """*value* as TOML writes it; an array with something in it has a line for each element."""
    if isinstance(value, Mapping):
        return str(tomlkit.inline_table().as_string())  # no default has anything in it
    if not isinstance(value, tuple):
        return str(tomlkit.item(value).as_string())
    items = tomlkit.array()
    items.extend(value)
    return items.multiline(bool(value)).as_string()

"""What voicecalld.toml(5) learns from the models of the settings."""

from collections.abc import Iterator

from example_file import toml_value
from mdoc import argument, list_of, text_line

from voicecalld.settings_reference import NUMBER_PLACEHOLDER, Key, Table, build_tables


def settings_region() -> Iterator[str]:
    """Every table with its keys."""
    for table in build_tables():
        yield f".Ss {argument(table_heading(table))}"
        yield text_line(table.sentence)
        yield from list_of(line for key in table.keys for line in setting_lines(key))


def table_heading(table: Table) -> str:
    """The table as the file names it; the one without a name is called by where it is."""
    if not table.path:
        return "At the top of the file, before any table"
    parts = [f'"{part}"' if part == NUMBER_PLACEHOLDER else part for part in table.path]
    name = ".".join(parts)
    return f"[[{name}]]" if table.is_array else f"[{name}]"


def setting_lines(key: Key) -> Iterator[str]:
    """One key: its sentence, what is allowed, and its default."""
    yield f".It Va {key.name}"
    yield text_line(key.sentence)
    yield text_line(f"Allowed: {key.allowed}.")
    if key.default is None:
        yield "Not set by default."
    elif isinstance(key.default, tuple) and key.default:
        yield "The default:"
        yield ".Bd -literal -offset indent"
        yield from (text_line(line) for line in toml_value(key.default).splitlines())
        yield ".Ed"
    else:
        yield "The default is"
        yield f".Ql {argument(toml_value(key.default))} ."

"""Writes what the manual and the example file can learn from the program itself.

usage: python man/regenerate.py [--check]

A page is prose by hand; the regions between BEGIN GENERATED and END GENERATED are made here, and
so is config/voicecalld.toml as a whole. With ``--check`` nothing is written: a difference is shown
and the exit status is 1. Long, because whatever is generated is to be found in one place.
"""

import argparse
import difflib
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import tomlkit

from voicecalld import daemon_options
from voicecalld.call.events import EndReason
from voicecalld.call.record import LIVE_STATES, CallState
from voicecalld.ctl import parser as ctl_options
from voicecalld.errors import RequestError
from voicecalld.rpc.jsonrpc import PROTOCOL_ERRORS
from voicecalld.rpc.methods import ANY_METHOD, METHODS, Member, Method
from voicecalld.settings_reference import NUMBER_PLACEHOLDER, Key, Table, build_tables

ROOT: Final = Path(__file__).resolve().parent.parent
EXAMPLE_FILE: Final = "config/voicecalld.toml"

# A missing or surplus state is an error here, so the manual knows each of them.
STATE_SENTENCES: Final[Mapping[CallState, str]] = {
    CallState.INITIATED: "The call was placed, or has come in, and nothing rings yet.",
    CallState.RINGING: "The other party's telephone rings.",
    CallState.ANSWERED: "The call was answered, and its sound is being connected.",
    CallState.ACTIVE: "Sound goes both ways, and nobody has the floor.",
    CallState.SPEAKING: "Our side speaks.",
    CallState.LISTENING: "Our side waits for the other party's words.",
    CallState.COMPLETED: "The carrier ended the call, and did not say which side hung up.",
    CallState.HANGUP_USER: "The other party hung up.",
    CallState.HANGUP_BOT: "Our side hung up.",
    CallState.TIMEOUT: "The call lasted too long, or the other party stayed silent.",
    CallState.ERROR: "Something went wrong during the call.",
    CallState.FAILED: "The call could not be set up.",
    CallState.NO_ANSWER: "Nobody answered.",
    CallState.BUSY: "The other party was busy, or rejected the call.",
    CallState.VOICEMAIL: "A machine answered.",
}

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


# --- the example file ---------------------------------------------------------------


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
    if not isinstance(value, tuple):
        return str(tomlkit.item(value).as_string())
    items = tomlkit.array()
    items.extend(value)
    return items.multiline(bool(value)).as_string()


# --- the pages ----------------------------------------------------------------------


def text_line(text: str) -> str:
    """*text* as a line of mdoc that is no macro."""
    escaped = text.replace("\\", "\\e")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


def sentence_lines(text: str) -> list[str]:
    """*text* with a line for each part; without a full stop it is made a sentence of.

    An argument parser has beginnings such as ``press keys``, a table has whole sentences.
    """
    whole = text if text.endswith(".") else f"{text[0].upper()}{text[1:]}."
    return [text_line(part) for part in re.split(r"(?<=[.;]) ", whole)]


def argument(text: str) -> str:
    """*text* as arguments of a macro: nothing in it is a macro, a delimiter or a quote."""
    words = text.replace("\\", "\\e").replace('"', "\\(dq").split(" ")
    return " ".join(
        f"\\&{word}" if re.fullmatch(r"[A-Za-z]{2,3}|\W+", word) else word for word in words
    )


def option_lines(parser: argparse.ArgumentParser, *, without: Iterable[str] = ()) -> Iterator[str]:
    """The options of *parser* as list items, except those of the names *without*."""
    for action in actions_of(parser):
        if action.option_strings and not {*action.option_strings} & {*without}:
            yield f".It {option_head(action)}"
            yield from sentence_lines(str(action.help))


def actions_of(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Options, positional arguments and the commands of *parser*, without its help."""
    actions = parser._actions  # noqa: SLF001 - argparse has no public way to ask a parser
    return [action for action in actions if action.dest != "help"]


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands of *parser*, by name."""
    for action in actions_of(parser):
        if isinstance(action.choices, dict):
            return action.choices
    return {}


def option_head(action: argparse.Action) -> str:
    """An option and its value: ``Fl -config Ar FILE``."""
    flags = " , ".join(f"Fl {flag.removeprefix('-')}" for flag in action.option_strings)
    if action.nargs == 0:
        return flags
    if action.choices is not None:
        return f"{flags} {' | '.join(f'Cm {choice}' for choice in action.choices)}"
    return f"{flags} Ar {action.metavar or action.dest.upper()}"


def list_of(lines: Iterable[str]) -> list[str]:
    """*lines* as a list with tags; nothing if there are none."""
    items = list(lines)
    return [".Bl -tag -width Ds", *items, ".El"] if items else []


def daemon_option_region() -> list[str]:
    """The options of the daemon."""
    return list_of(option_lines(daemon_options.build_parser()))


def ctl_option_region() -> list[str]:
    """The options that every command takes."""
    return list_of(option_lines(ctl_options.build_parser()))


def ctl_command_region() -> list[str]:
    """Every command with its own options."""
    parser = ctl_options.build_parser()
    common = [flag for action in actions_of(parser) for flag in action.option_strings]
    return list_of(command_lines(parser, "", common))


def command_lines(
    parser: argparse.ArgumentParser, prefix: str, common: list[str]
) -> Iterator[str]:
    """The commands of *parser*, and those below them."""
    for name, command in commands_of(parser).items():
        if commands_of(command):
            yield from command_lines(command, f"{prefix}{name} ", common)
            continue
        yield f".It Cm {argument(prefix + name)} {' '.join(usage(command, common))}".rstrip()
        yield from sentence_lines(str(command.description))
        yield from list_of(option_lines(command, without=common))


def usage(command: argparse.ArgumentParser, common: list[str]) -> Iterator[str]:
    """The options of a command, those that may be left out in brackets."""
    for action in actions_of(command):
        if not {*action.option_strings} & {*common}:
            yield option_head(action) if action.required else f"Oo {option_head(action)} Oc"


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


def method_region() -> Iterator[str]:
    """Every method with its parameters, its result and its errors, after those of all methods."""
    codes = " and ".join(str(error.code) for error in ANY_METHOD)
    yield f"Beside the errors that it lists, every method may also be refused with {codes}; see"
    yield ".Sx ERROR CODES ."
    for name, method in METHODS.items():
        yield f".Ss {name}"
        yield from sentence_lines(method.sentence)
        yield from member_lines("Parameters:", method.params)
        yield from member_lines("Result:", method.result)
        yield from method_error_lines(method)


def member_lines(heading: str, members: Iterable[Member]) -> Iterator[str]:
    """Parameters, or members of a result."""
    described = list_of(line for member in members for line in one_member(member))
    if described:
        yield ".Pp"
        yield heading
        yield from described


def one_member(member: Member) -> Iterator[str]:
    """One parameter, or one member of a result."""
    optional = "" if member.required else " , optional"
    yield f".It Va {member.name} Pq {member.type}{optional}"
    yield from sentence_lines(member.sentence)


def method_error_lines(method: Method) -> Iterator[str]:
    """The codes that a method is refused with, beside those of every method."""
    codes = sorted(error.code for error in method.errors)
    if codes:
        yield ".Pp"
        yield f"Errors: {', '.join(map(str, codes))}."


def error_region() -> list[str]:
    """Every error code with its meaning."""
    refusals = [
        (error.code, (error.__doc__ or "").partition("\n")[0])
        for error in RequestError.__subclasses__()
    ]
    lines: list[str] = []
    # JSON-RPC's own first, which are negative; then ours.
    for code, meaning in sorted([*PROTOCOL_ERRORS.items(), *refusals]):
        lines += [f".It {code}", *sentence_lines(meaning)]
    return list_of(lines)


def state_region() -> Iterator[str]:
    """The states of a call: the living ones, then those that it ends in."""
    terminal = [CallState(reason.value) for reason in EndReason]
    assert {*STATE_SENTENCES} == LIVE_STATES | {*terminal} == {*CallState}
    yield "While it lives:"
    yield from list_of(state_lines(state for state in CallState if state in LIVE_STATES))
    yield ".Pp"
    yield "When it is over; the same word is its"
    yield ".Va endReason :"
    yield from list_of(state_lines(terminal))


def state_lines(states: Iterable[CallState]) -> Iterator[str]:
    """States with their sentences."""
    for state in states:
        yield f".It Cm {state.value}"
        yield STATE_SENTENCES[state]


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

if __name__ == "__main__":
    sys.exit(main())

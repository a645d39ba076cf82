"""What the manual learns from the argument parsers: options and commands."""

import argparse
from collections.abc import Iterable, Iterator

from mdoc import argument, list_of, sentence_lines

from voicecalld import daemon_options
from voicecalld.ctl import parser as ctl_options


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

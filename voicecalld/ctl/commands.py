"""What each command asks of the daemon, and what it does with the answers."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Final, NoReturn, TextIO, TypeAlias

import voicecalld
from voicecalld.ctl import render
from voicecalld.ctl.client import Client, connect
from voicecalld.ctl.screen import Screen
from voicecalld.errors import NoDaemonError, RefusedError
from voicecalld.rpc.json_line import Json, JsonObject
from voicecalld.rpc.paths import client_sockets

Show: TypeAlias = Callable[[JsonObject, Screen], None]

DONE: Final = 0

UNDRAWABLE: Final = "the daemon's answer cannot be drawn: is it another version?"


class Command:
    """A command: the methods that it uses, and what it does; its result is the exit status."""

    # Written out: to load dataclasses takes a tenth of the time that a command may take.
    def __init__(self, methods: tuple[str, ...], run: Callable[[argparse.Namespace], int]) -> None:
        self.methods = methods
        self.run = run


def asks(method: str, names: str, show: Show) -> Command:
    """A command that sends the options *names* to one method, and shows the result."""

    def run(options: argparse.Namespace) -> int:
        params = read_params(options, names.split())
        with open_client(options) as client:
            result = client.call(method, params)
        found = result.get("found", True)
        if not (found or options.json):
            raise RefusedError("no call has this id")
        report(options, result, show)
        return DONE if found else RefusedError.exit_status

    return Command(methods=(method,), run=run)


def read_params(options: argparse.Namespace, names: list[str]) -> JsonObject:
    """The options that were given, under their names on the wire."""
    given = {name: getattr(options, name, None) for name in names}
    return {wire_name(name): value for name, value in given.items() if value is not None}


def wire_name(name: str) -> str:
    """``idempotency_key`` as ``idempotencyKey``, and ``from_`` as ``from``."""
    first, *others = name.rstrip("_").split("_")
    return first + "".join(other.title() for other in others)


def open_client(options: argparse.Namespace) -> Client:
    """A connection to the daemon that the options or the environment name."""
    return connect(client_sockets(given=options.socket, environment=os.environ))


def report(options: argparse.Namespace, result: JsonObject, show: Show) -> None:
    """Print a result for a program or for a person."""
    if options.json:
        print_json(result, indent=2)
    else:
        show(result, Screen(sys.stdout))


def print_json(document: Json, *, indent: int | None = None, stream: TextIO | None = None) -> None:
    """Print a document in ASCII, so that no words in it can drive a terminal."""
    print(json.dumps(document, indent=indent), file=stream or sys.stdout, flush=True)


def tail(options: argparse.Namespace) -> int:
    """Show the last events and then new ones; to be interrupted is its way to end."""
    try:
        follow(options)
    except KeyboardInterrupt:
        return DONE


def follow(options: argparse.Namespace) -> NoReturn:
    """Show the last events and then new ones, for ever."""
    with open_client(options) as client:
        last = number(client.call("daemon.info", {}), "lastEvent")
        client.call("voicecall.subscribe", {"since": max(0, last - options.since)})
        for event in client.events():
            show_told(options, event)
    raise AssertionError("events never end")


def show_told(options: argparse.Namespace, event: JsonObject) -> None:
    """Print one event."""
    if options.json:
        print_json(event)
    else:
        render.show_event(event, Screen(sys.stdout))


def version(options: argparse.Namespace) -> int:
    """Print the versions; it is no failure that no daemon runs, but that one refuses is."""
    versions: JsonObject = {"version": voicecalld.__version__, "daemon": None}
    status = DONE
    try:
        with open_client(options) as client:
            versions["daemon"] = client.call("daemon.info", {})
    except NoDaemonError as error:
        versions["reason"] = str(error)
    except RefusedError as error:
        versions["reason"] = str(error)
        status = error.exit_status
    report(options, versions, render.show_versions)
    return status


def set_up(options: argparse.Namespace) -> int:
    """Print what works and what does not; it is a failure if anything does not."""
    # Imported here, because no other command starts a process.
    from voicecalld.ctl import setup

    result = setup.examine(lambda: open_client(options))
    report(options, result, setup.show)
    return DONE if result["ok"] else RefusedError.exit_status


def ring(options: argparse.Namespace) -> int:
    """Call the daemon, and print how the call went when it is over."""
    params = read_params(options, ["from_", "to", "say"])
    params |= {
        name: absolute(path)
        for name in ("wav", "script", "record")
        if (path := getattr(options, name, None)) is not None
    }
    with open_client(options) as client:
        before = number(client.call("daemon.info", {}), "lastEvent")
        result = client.call("mock.ring", params)
        if "callId" in result:
            call: JsonObject = {"callId": result["callId"]}
            result |= client.call("voicecall.transcript", call)
            result |= client.call("voicecall.latency", call)
            result["events"] = events_of_call(client, before, result["callId"])
    report(options, result, render.show_ring)
    return DONE if result.get("accepted") else RefusedError.exit_status


def events_of_call(client: Client, after: int, call_id: Json) -> list[Json]:
    """What has happened on a call after event number *after*."""
    last = number(client.call("voicecall.subscribe", {"since": after}), "lastEvent")
    found: list[Json] = []
    if last == after:
        return found
    for event in client.events():
        if render.member(event, "call").get("callId") == call_id:
            found.append(event)
        if number(event, "seq") >= last:
            break
    return found


def draw(options: argparse.Namespace) -> int:
    """Draw a call, in the terminal or into a file."""
    with open_client(options) as client:
        result = client.call("voicecall.timeline", {"callId": options.call_id})
    if options.output is not None:
        write_drawing(result, options.output)
    if options.output is None or options.json:
        report(options, result, show_drawing)
    else:
        Screen(sys.stdout).line(f"wrote {options.output}")
    return DONE


def show_drawing(result: JsonObject, screen: Screen) -> None:
    """Draw a call in the terminal."""
    # Imported here, because no other command draws.
    from voicecalld.ctl.timeline import read_timeline
    from voicecalld.ctl.timeline_text import show_timeline

    try:
        timeline = read_timeline(result)
    except ValueError as error:
        raise RefusedError(UNDRAWABLE) from error
    show_timeline(timeline, screen)


def write_drawing(result: JsonObject, path: str) -> None:
    """Draw a call into a file; one that is new only its owner can read, as the journal."""
    from voicecalld.ctl.timeline import read_timeline
    from voicecalld.ctl.timeline_svg import render_svg

    try:
        document = render_svg(read_timeline(result))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(document)
    except ValueError as error:
        raise RefusedError(UNDRAWABLE) from error
    except OSError as error:
        raise RefusedError(f"cannot write {path}: {error.strerror}") from error


def number(of: JsonObject, name: str) -> int:
    """The number of an event."""
    found = of.get(name)
    if not isinstance(found, int):
        raise RefusedError(f"the daemon's answer has no {name}: is it another version?")
    return found


def absolute(path: str) -> str:
    """*path* as the daemon, whose working folder is another one, must be told it."""
    from pathlib import Path

    return str(Path(path).absolute())


COMMANDS: Final[Mapping[str, Command]] = {
    "call": asks(
        "voicecall.initiate", "message to mode provider idempotency_key", render.show_placed
    ),
    "continue": asks("voicecall.continue", "call_id message", render.show_reply),
    "speak": asks("voicecall.speak", "call_id message", render.show_spoken),
    "dtmf": asks("voicecall.dtmf", "call_id digits", render.show_done),
    "end": asks("voicecall.end", "call_id", render.show_done),
    "status": asks("voicecall.status", "call_id", render.show_status),
    "list": asks("voicecall.list", "limit", render.show_calls),
    "transcript": asks("voicecall.transcript", "call_id", render.show_transcript),
    "latency": asks("voicecall.latency", "last call_id", render.show_latency),
    "timeline": Command(methods=("voicecall.timeline",), run=draw),
    "tail": Command(methods=("daemon.info", "voicecall.subscribe"), run=tail),
    "mock ring": Command(methods=("mock.ring",), run=ring),
    "setup": Command(methods=("daemon.info", "daemon.health"), run=set_up),
    "version": Command(methods=("daemon.info",), run=version),
}

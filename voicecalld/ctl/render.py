"""Results for people: sentences, lines and tables, with times as on their own clocks."""

from collections.abc import Sequence
from typing import Final

from voicecalld.ctl.screen import Screen
from voicecalld.rpc.json_line import Json, JsonObject

STAGES: Final = (
    "endpointMs",
    "transcriptMs",
    "firstTextMs",
    "firstClauseMs",
    "firstAudioMs",
    "firstFrameMs",
    "firstMarkMs",
)
"""The stages of an answer; on the wire those are left out that were not measured."""

SUMS: Final = ("stage", "count", "p50", "p95", "p99")


def show_placed(result: JsonObject, screen: Screen) -> None:
    """A call that was placed."""
    screen.line(f"call {text(result, 'callId')} is placed")


def show_reply(result: JsonObject, screen: Screen) -> None:
    """The other party's words or keys, and nothing else, for scripts."""
    screen.line(text(result, "transcript") or text(result, "digits"))


def show_spoken(result: JsonObject, screen: Screen) -> None:
    """What became of a message."""
    if result.get("interrupted"):
        screen.line(f"interrupted after: {text(result, 'heard')}")
    else:
        screen.line("heard")


def show_done(_result: JsonObject, screen: Screen) -> None:
    """Something that needs no words."""
    screen.line("done")


def show_status(result: JsonObject, screen: Screen) -> None:
    """One call, or all living ones."""
    if "calls" in result:
        show_calls(result, screen)
    else:
        show_call(member(result, "call"), screen)


def show_calls(result: JsonObject, screen: Screen) -> None:
    """A table of calls."""
    calls = members(result, "calls")
    if not calls:
        screen.line("no calls")
        return
    heads = ("call", "started", "lasted", "provider", "direction", "from", "to", "state")
    screen.table(heads, [describe_call(call) for call in calls])


def describe_call(call: JsonObject) -> list[str]:
    """One row of the table of calls."""
    return [
        text(call, "callId"),
        local_time(text(call, "startedAt")),
        lasted(call),
        text(call, "provider"),
        text(call, "direction"),
        describe_caller(call),
        text(call, "to"),
        describe_state(call),
    ]


def describe_caller(call: JsonObject) -> str:
    """Who calls; a number that is withheld is an empty text on the wire."""
    return text(call, "from") or "anonymous"


def describe_state(call: JsonObject) -> str:
    """A call's state, and why it is over if the state does not tell."""
    cause = text(call, "endCause")
    return text(call, "state") + (f": {cause}" if cause else "")


def show_call(call: JsonObject, screen: Screen) -> None:
    """One call, a member a line."""
    width = max(len(name) for name in call) + 2
    for name, value in {**call, "from": describe_caller(call)}.items():
        shown = local_time(str(value)) if name.endswith("At") else plain(value)
        screen.line(f"{name}:".ljust(width) + shown)


def show_transcript(result: JsonObject, screen: Screen) -> None:
    """What was said, one utterance a line."""
    for said in members(result, "utterances"):
        cut = "  (interrupted)" if said.get("interrupted") else ""
        at = local_time(text(said, "at"))
        screen.line(f"{at}  {text(said, 'speaker'):4}  {text(said, 'text')}{cut}")


def show_latency(result: JsonObject, screen: Screen) -> None:
    """How long each stage took; a dash where none was measured."""
    turns, carriers = members(result, "turns"), member(result, "carriers")
    counted = f"turns: {len(turns)}"
    if "calls" in result:
        counted += f", calls: {len(members(result, 'calls'))}"
    screen.line(f"{counted}; milliseconds since the caller's last word")
    if not turns:
        return
    if not carriers:
        screen.table(SUMS, describe_stages(member(result, "stages")))
        return
    rows = [
        [carrier, *row]
        for carrier in carriers
        for row in describe_stages(member(member(carriers, carrier), "stages"))
    ]
    if len(carriers) > 1:
        rows += [["all", *row] for row in describe_stages(member(result, "stages"))]
    screen.table(("carrier", *SUMS), rows)


def describe_stages(stages: JsonObject) -> list[list[str]]:
    """A row for each stage, with a dash where none was measured."""
    none: JsonObject = {"count": 0}
    return [
        [name, *(plain((member(stages, name) or none).get(head, "-")) for head in SUMS[1:])]
        for name in STAGES
    ]


def show_event(event: JsonObject, screen: Screen) -> None:
    """One event in one line."""
    call = member(event, "call")
    own = {name: event[name] for name in event if name not in {"seq", "at", "event", "call"}}
    screen.line(
        "  ".join(
            (
                local_time(text(event, "at")),
                f"#{plain(event.get('seq'))}",
                text(call, "callId"),
                f"{text(event, 'event'):16}",
                *(f"{name}={plain(value)}" for name, value in own.items()),
            )
        ).rstrip()
    )


def show_versions(result: JsonObject, screen: Screen) -> None:
    """This program and the daemon, or why nothing is known of that one."""
    screen.line(f"voicecallctl {text(result, 'version')}")
    daemon = member(result, "daemon")
    if not daemon:
        screen.line(text(result, "reason"))
        return
    screen.line(
        f"{text(daemon, 'name')} {text(daemon, 'version')}"
        f" at {text(daemon, 'socket')}, process {plain(daemon.get('pid'))}"
        f", provider {text(daemon, 'provider')}, since {local_time(text(daemon, 'startedAt'))}"
    )
    for name, url in member(daemon, "webhooks").items():
        screen.line(f"webhooks of {name}: {plain(url)}")
    if "address" in daemon:
        screen.line(f"it listens for carriers at {text(daemon, 'address')}")


def show_ring(result: JsonObject, screen: Screen) -> None:
    """How a call by the mock carrier's caller went."""
    for event in members(result, "events"):
        show_event(event, screen)
    show_transcript(result, screen)
    if member(result, "stages"):
        show_latency(result, screen)
    if not result.get("accepted"):
        screen.line(f"the call was not taken: {result.get('reason', 'no reason given')}")
    elif "endReason" in result:
        screen.line(f"call {text(result, 'callId')} is over: {text(result, 'endReason')}")


def lasted(call: JsonObject) -> str:
    """How long a call was connected, or a dash."""
    if "answeredAt" not in call or "endedAt" not in call:
        return "-"
    span = parse_time(text(call, "endedAt")) - parse_time(text(call, "answeredAt"))
    minutes, seconds = divmod(round(span), 60)
    return f"{minutes}:{seconds:02}"


def parse_time(written: str) -> float:
    """Seconds since 1970 of the wire's ISO 8601."""
    # Imported here, because most commands print no time.
    from datetime import datetime

    return datetime.fromisoformat(written).timestamp()


def local_time(written: str) -> str:
    """The wire's time on the reader's own clock; what is no time stays as it is."""
    from datetime import datetime

    try:
        return datetime.fromisoformat(written).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return written


def text(of: JsonObject, name: str) -> str:
    """A member that is a text; empty if it is missing."""
    return plain(of.get(name, ""))


def plain(value: Json) -> str:
    """A value in one line; only objects look like JSON."""
    match value:
        case str():
            return value
        case dict():
            return ", ".join(f"{name}: {plain(inner)}" for name, inner in value.items())
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)


def member(of: JsonObject, name: str) -> JsonObject:
    """A member that is an object; empty if it is missing."""
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def members(of: JsonObject, name: str) -> Sequence[JsonObject]:
    """A member that is a list of objects."""
    found = of.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []

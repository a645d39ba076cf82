"""What a person who sets the daemon up wants to know: what works, what does not, what to do."""

import subprocess
import sys
from collections.abc import Callable
from typing import Final

import voicecalld
from voicecalld.ctl import render
from voicecalld.ctl.client import Client
from voicecalld.ctl.screen import Screen
from voicecalld.errors import NoDaemonError, RefusedError
from voicecalld.rpc.json_line import Json, JsonObject

TABLES: Final = {"synthesizer": "tts", "transcriber": "stt", "agent": "agent"}
"""Where in the configuration each service is chosen."""

CHECK_S: Final = 60.0  # an engine may take seconds to start
ANSWER_S: Final = 10.0  # what is asked here takes the daemon a moment, unless it hangs


def examine(open_client: Callable[[], Client]) -> JsonObject:
    """Everything that was looked at, and whether all of it is well."""
    checks: list[Json] = []
    try:
        with open_client() as client:
            client.socket.settimeout(ANSWER_S)
            info = client.call("daemon.info", {})
            checks += [check_daemon(info)]
            checks += check_parts(info, client.call("daemon.health", {}))
    except NoDaemonError as error:
        checks += [found("daemon", str(error)), check_config()]
    except RefusedError as error:
        checks += [found("daemon", str(error), advice="restart it, or ask as another user")]
    except TimeoutError:
        text = f"it has taken the question, and does not answer within {ANSWER_S:g} s"
        checks += [found("daemon", text, advice="it hangs: look at its log, and restart it")]
    is_well = all(isinstance(check, dict) and check["ok"] for check in checks)
    return {"ok": is_well, "checks": checks}


def found(name: str, text: str, *, ok: bool = False, advice: str = "") -> JsonObject:
    """What was found of *name*; if it is not ``ok``, *advice* says what may be done."""
    return {"name": name, "ok": ok, "text": text, **({"advice": advice} if advice else {})}


def check_daemon(info: JsonObject) -> JsonObject:
    """The daemon that answers, which should be as new as this program."""
    version, ours = render.text(info, "version"), voicecalld.__version__
    at = f"{version}, process {render.text(info, 'pid')}, at {render.text(info, 'socket')}"
    if version == ours:
        return found("daemon", at, ok=True)
    advice = f"this program is {ours}: restart the daemon"
    return found("daemon", at, advice=advice)


def check_parts(info: JsonObject, health: JsonObject) -> list[Json]:
    """The parts of a daemon that answers."""
    config = render.text(health, "config") or "no file; the defaults"
    services = render.member(health, "services")
    carriers = render.member(health, "carriers")
    return [
        found("configuration", config, ok=True),
        *(check_carrier(name, info, render.member(carriers, name)) for name in carriers),
        *(check_service(kind, render.member(services, kind)) for kind in services),
        check_journal(render.member(health, "journal")),
    ]


def check_carrier(name: str, info: JsonObject, carrier: JsonObject) -> JsonObject:
    """One carrier; anybody can send webhooks that are refused, so those are no failure."""
    text = f"{name}, by default" if info.get("provider") == name else name
    if "webhook" in carrier:
        text += f"; its webhooks go to {render.text(carrier, 'webhook')}"
    refused = carrier.get("refusedWebhooks")
    if not refused:
        return found("carrier", text, ok=True)
    advice = "if calls do not come in: the log tells why, and which setting or URL to check"
    text += f"; {render.plain(refused)} webhooks in its name were refused"
    return found("carrier", text, ok=True, advice=advice)


def check_service(kind: str, service: JsonObject) -> JsonObject:
    """One of those who speak, listen and think."""
    provider, state = render.text(service, "provider"), render.text(service, "state")
    since = render.local_time(render.text(service, "since"))
    if state == "ok" and not service.get("successes"):
        # It has been reached, or has started, which proves no key and no model.
        return found(kind, f"{provider}, reachable since {since}, not yet used", ok=True)
    if state == "ok":
        return found(kind, f"{provider}, ok since {since}", ok=True)
    text = f"{provider}, {state} since {since}: {render.text(service, 'reason')}"
    table = TABLES.get(kind, kind)
    advice = f"it is tried again; check the table [{table}.{provider}] of the configuration"
    return found(kind, text, advice=advice)


def check_journal(journal: JsonObject) -> JsonObject:
    """Where everything is written down."""
    if journal.get("status") == "ok":
        return found("journal", "ok", ok=True)
    advice = "no call is taken until it can be written: look at the disk"
    return found("journal", render.text(journal, "reason"), advice=advice)


def check_config() -> JsonObject:
    """The configuration, as a daemon would find it that was started from here."""
    try:
        check = subprocess.run(
            [sys.executable, "-m", "voicecalld", "--check-config"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=CHECK_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return found("configuration", "it cannot be checked", advice="run voicecalld by hand")
    text = " | ".join(f"{check.stdout}{check.stderr}".strip().splitlines())
    if check.returncode == 0:
        return found("configuration", text, ok=True)
    return found("configuration", text, advice="correct it: see voicecalld.toml(5)")


def show(result: JsonObject, screen: Screen) -> None:
    """A line for each thing, and one for what to do about it."""
    for check in render.members(result, "checks"):
        mark = "ok" if check.get("ok") else "PROBLEM"
        screen.line(f"{mark:8} {render.text(check, 'name')}: {render.text(check, 'text')}")
        if "advice" in check:
            screen.line(f"{'':8} {render.text(check, 'advice')}")

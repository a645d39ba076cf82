"""The daemon as a process: options, settings, logs, signals, exit status."""

import gc
import logging
import os
import signal
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Iterable, Mapping, MutableMapping
from typing import Final

import structlog
import trio

from voicecalld.assembly import Daemon, check_settings, open_daemon, webhook_urls
from voicecalld.config_source import load_settings
from voicecalld.daemon_options import build_parser
from voicecalld.errors import ConfigError, StartError, VoicecallError
from voicecalld.logs import configure_logs, is_journal
from voicecalld.network_carrier import find_warnings
from voicecalld.places import state_directory
from voicecalld.rpc.paths import daemon_socket
from voicecalld.settings import Settings
from voicecalld.surroundings import Surroundings
from voicecalld.switchboard.registry import Switchboard
from voicecalld.systemd import (
    Notifier,
    feed_watchdog,
    inherited_sockets,
    take_notifier,
    watchdog_interval_s,
)

log: Final = structlog.get_logger()

# SIGHUP too ends the daemon in good order: there is nothing that it could read anew, and without a
# handler its calls would be cut off.
SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

CONTROL_SOCKET = "control"
"""The name of the control socket in voicecalld.socket."""


def main() -> None:
    """The command `voicecalld`."""
    options = build_parser().parse_args()
    journal = is_journal(os.environ.get("JOURNAL_STREAM"), sys.stderr.fileno())
    configure_logs(sys.stderr, journal=journal, terminal=sys.stderr.isatty())
    prefix = "<3>" if journal else ""  # sd-daemon(3): an error
    try:
        sys.exit(run(options, os.environ, prefix))
    except Exception:  # a bug: Python's own report would not mask numbers and words
        log.critical("daemon failed", exc_info=True)
        sys.exit(1)


def run(options: Namespace, environment: MutableMapping[str, str], prefix: str = "") -> int:
    """Do what the options ask for; gives the exit status. Complaints begin with *prefix*."""
    try:
        settings, file = load_settings(options.config, environment)
        source = str(file or "no configuration file; the defaults")
        if options.check_config:
            check(settings, source)
            for warning in find_warnings(settings):
                print(f"{source}: warning: {warning}", file=sys.stderr)
            print(f"{source}: OK")
            return 0
        notifier = take_notifier(environment)
        around = find_surroundings(
            options, settings, environment, config=str(file.absolute()) if file else ""
        )
        interval_s = watchdog_interval_s(environment, os.getpid())
        try:
            trio.run(serve, settings, around, notifier, interval_s)
        except* ConfigError:  # there may be more of its kind: tell all of them
            check(settings, source)
            raise
    except VoicecallError as error:
        return report((error,), prefix)
    except BaseExceptionGroup as group:
        known, unknown = group.split(VoicecallError)
        if unknown is not None:
            raise
        return report(leaves(known), prefix)
    return 0


def check(settings: Settings, source: str) -> None:
    """Try everything that the settings name; the process has nothing to do afterwards.

    Raises:
        ConfigError: some of it cannot be used; each problem begins with *source*.
    """
    # What the parts say of themselves when they start would look like mistakes in the settings.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    trio.run(check_settings, settings, source)


def find_surroundings(
    options: Namespace,
    settings: Settings,
    environment: MutableMapping[str, str],
    *,
    config: str = "",
) -> Surroundings:
    """Where the daemon runs, by its options and its environment."""
    return Surroundings(
        state=state_directory(environment, settings.store.path),
        socket_path=daemon_socket(given=options.socket, environment=environment),
        pid=os.getpid(),
        control=find_control(inherited_sockets(environment, os.getpid())),
        config=config,
    )


def find_control(inherited: Mapping[str, int]) -> int | None:
    """The control socket among the sockets that we were started with.

    Raises:
        StartError: there is another one, on which nobody would ever be answered.
    """
    strangers = sorted(inherited.keys() - {CONTROL_SOCKET})
    if strangers:
        raise StartError(
            f"an inherited socket is called {strangers[0]!r}, but only one called "
            f"{CONTROL_SOCKET!r} has a meaning: set FileDescriptorName={CONTROL_SOCKET}"
        )
    return inherited.get(CONTROL_SOCKET)


def leaves(group: BaseExceptionGroup[VoicecallError] | None) -> Iterable[VoicecallError]:
    """The errors in a group, however deep."""
    for error in () if group is None else group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from leaves(error)
        else:
            yield error


def report(errors: Iterable[VoicecallError], prefix: str) -> int:
    """Tell the operator why the daemon does not run; gives the exit status."""
    status = 1
    for error in errors:
        for line in str(error).splitlines():
            print(f"{prefix}{line}", file=sys.stderr)
        if isinstance(error, ConfigError):
            status = ConfigError.exit_status
    return status


class Signals:
    """The signals that are to end the daemon: the first, and the second for the impatient."""

    def __init__(self) -> None:
        self.first = trio.Event()
        self.second = trio.Event()

    async def watch(self, received: AsyncIterator[int]) -> None:
        """Note the signals as they come."""
        for event in (self.first, self.second):
            await anext(received)
            event.set()


async def serve(
    settings: Settings, around: Surroundings, notifier: Notifier, watchdog_s: float | None
) -> None:
    """Serve until a signal ends it, which may come while it starts."""
    signals = Signals()
    starting = trio.CancelScope()
    with trio.open_signal_receiver(*SIGNALS) as received:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(signals.watch, received)
            nursery.start_soon(cancel_when, signals.first, nursery.cancel_scope, starting)
            async with open_daemon(settings, around) as daemon, trio.open_nursery() as running:
                await running.start(daemon.run)
                if watchdog_s is not None:
                    running.start_soon(feed_watchdog, notifier, watchdog_s)
                # A full collection over all that was imported stops the sound for 15 ms.
                gc.collect()
                gc.freeze()
                starting.cancel()
                log.info("ready", provider=settings.provider, **describe(daemon))
                notifier.ready(f"Ready on {daemon.address}")
                await signals.first.wait()
                notifier.stopping("Ending the calls")
                log.info("stopping", calls=daemon.switchboard.live_count)
                await drain(daemon.switchboard, settings.drain_seconds, signals.second)
                running.cancel_scope.cancel()
            nursery.cancel_scope.cancel()
    log.info("stopped")


def describe(daemon: Daemon) -> Mapping[str, object]:
    """Where clients find the daemon, and where carriers do, if they come from outside."""
    address = daemon.carriers.address
    door = {"address": address, "webhooks": webhook_urls(daemon.carriers)}
    return {"socket": daemon.address, **(door if address else {})}


async def drain(switchboard: Switchboard, grace_s: float, hurry: trio.Event) -> None:
    """Let the calls come to their end for *grace_s*, or until *hurry*; then end them."""
    switchboard.close()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(cancel_when, hurry, nursery.cancel_scope, trio.CancelScope())
        with trio.move_on_after(grace_s):
            await switchboard.wait_idle()
        nursery.cancel_scope.cancel()
    await switchboard.end_all()


async def cancel_when(
    event: trio.Event, target: trio.CancelScope, patience: trio.CancelScope
) -> None:
    """Cancel *target* at *event*, unless *patience* was cancelled before."""
    with patience:
        await event.wait()
        target.cancel()

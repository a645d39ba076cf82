"""The daemon as a process: options, settings, logs, signals, exit status."""

import gc
import os
import signal
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Iterable, MutableMapping
from typing import Final

import structlog
import trio

from voicecalld.assembly import Surroundings, open_daemon
from voicecalld.config_source import load_settings
from voicecalld.daemon_options import build_parser
from voicecalld.errors import ConfigError, VoicecallError
from voicecalld.logs import configure_logs, is_journal
from voicecalld.places import state_directory
from voicecalld.rpc.paths import daemon_socket
from voicecalld.settings import Settings
from voicecalld.switchboard.registry import Switchboard
from voicecalld.systemd import (
    Notifier,
    feed_watchdog,
    inherited_sockets,
    take_notifier,
    watchdog_interval_s,
)

log: Final = structlog.get_logger()

CONTROL_SOCKET = "control"
"""The name of the control socket in voicecalld.socket."""


def main() -> None:
    """The command `voicecalld`."""
    options = build_parser().parse_args()
    journal = is_journal(os.environ.get("JOURNAL_STREAM"), sys.stderr.fileno())
    configure_logs(sys.stderr, journal=journal, terminal=sys.stderr.isatty())
    sys.exit(run(options, os.environ))


def run(options: Namespace, environment: MutableMapping[str, str]) -> int:
    """Do what the options ask for; gives the exit status."""
    try:
        settings, file = load_settings(options.config, environment)
        if options.check_config:
            print(f"{file or 'no configuration file; the defaults'}: OK")
            return 0
        notifier = take_notifier(environment)
        around = find_surroundings(options, settings, environment)
        interval_s = watchdog_interval_s(environment, os.getpid())
        trio.run(serve, settings, around, notifier, interval_s)
    except VoicecallError as error:
        return report((error,))
    except BaseExceptionGroup as group:
        known, unknown = group.split(VoicecallError)
        if unknown is not None:
            raise
        return report(leaves(known))
    return 0


def find_surroundings(
    options: Namespace, settings: Settings, environment: MutableMapping[str, str]
) -> Surroundings:
    """Where the daemon runs, by its options and its environment."""
    return Surroundings(
        state=state_directory(environment, settings.store.path),
        socket_path=daemon_socket(given=options.socket, environment=environment),
        pid=os.getpid(),
        control=inherited_sockets(environment, os.getpid()).get(CONTROL_SOCKET),
    )


def leaves(group: BaseExceptionGroup[VoicecallError] | None) -> Iterable[VoicecallError]:
    """The errors in a group, however deep."""
    for error in () if group is None else group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from leaves(error)
        else:
            yield error


def report(errors: Iterable[VoicecallError]) -> int:
    """Tell the operator why the daemon does not run; gives the exit status."""
    status = 1
    for error in errors:
        print(error, file=sys.stderr)
        if isinstance(error, ConfigError):
            status = ConfigError.exit_status
    return status


async def serve(
    settings: Settings, around: Surroundings, notifier: Notifier, watchdog_s: float | None
) -> None:
    """Serve until a signal ends it."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async with open_daemon(settings, around) as daemon, trio.open_nursery() as nursery:
            await nursery.start(daemon.run)
            if watchdog_s is not None:
                nursery.start_soon(feed_watchdog, notifier, watchdog_s, lambda: True)
            # A full collection over all that was imported stops the sound for 15 ms.
            gc.collect()
            gc.freeze()
            notifier.ready(f"Ready on {around.socket_path}")
            log.info("ready", provider=settings.provider, socket=around.socket_path)
            await anext(signals)
            notifier.stopping("Ending the calls")
            log.info("stopping", calls=daemon.switchboard.live_count)
            await drain(daemon.switchboard, settings.drain_seconds, signals)
            nursery.cancel_scope.cancel()
    log.info("stopped")


async def drain(switchboard: Switchboard, grace_s: float, signals: AsyncIterator[int]) -> None:
    """Let the calls come to their end for *grace_s*, or until another signal; then end them."""
    switchboard.close()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(cancel_at_signal, signals, nursery.cancel_scope)
        with trio.move_on_after(grace_s):
            await switchboard.wait_idle()
        nursery.cancel_scope.cancel()
    await switchboard.end_all()


async def cancel_at_signal(signals: AsyncIterator[int], scope: trio.CancelScope) -> None:
    """Cancel *scope* when somebody becomes impatient."""
    await anext(signals)
    scope.cancel()

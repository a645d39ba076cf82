"""What the daemon tells its operator: the name of an event, and fields.

To log is ``structlog.get_logger().info("call answered", provider="mock")``. Which call it is about
is said once for a task and its children, by ``bound_contextvars(call_id=…)`` of
`structlog.contextvars`.
"""

import json
import logging
import os
from collections.abc import Callable
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, ExcInfo, Processor

from voicecalld.log_masks import describe_exception, masked_field

# The priorities of syslog(3), which sd-daemon(3) wants to see before each line.
PRIORITIES: Final = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}


def configure_logs(stream: TextIO, *, journal: bool, terminal: bool) -> None:
    """Send every log entry to *stream* from now on, masked, at once.

    Args:
        stream: where they go, usually ``sys.stderr``.
        journal: systemd's journal reads them; it knows the time, and wants a priority.
        terminal: a person reads them, in colours; otherwise an entry is one line of JSON.
    """
    render = build_terminal_renderer() if terminal else render_json
    # Behind the masks, because to them a time might be a number.
    stamp = () if journal else (structlog.processors.TimeStamper(fmt="iso", utc=True),)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.ExceptionRenderer(describe_exc_info),
            mask_private_fields,
            *stamp,
            with_priority(render) if journal else render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_names: LineWriter(stream),
        cache_logger_on_first_use=False,
    )


def is_journal(journal_stream: str | None, fd: int) -> bool:
    """Whether *fd* is what ``$JOURNAL_STREAM`` names: device and inode, as in systemd.exec(5)."""
    try:
        status = os.fstat(fd)
    except OSError:
        return False
    return journal_stream == f"{status.st_dev}:{status.st_ino}"


class LineWriter:
    """Writes each entry at once; a log that nobody can read any more stops no call."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        """Write *line*, or give it up."""
        encoding = self._stream.encoding or "utf-8"
        writable = line.encode(encoding, "backslashreplace").decode(encoding)
        try:
            self._stream.write(f"{writable}\n")
            self._stream.flush()
        except (OSError, ValueError):  # ValueError: the stream is closed
            return

    # structlog calls the method that is named like the level.
    debug = info = warning = error = critical = msg


def mask_private_fields(_logger: object, _method: str, entry: EventDict) -> EventDict:
    """*entry* with only what may be shown."""
    # An exception has been masked line by line, and its line breaks are wanted.
    return {
        name: value if name == "exception" else masked_field(name, value)
        for name, value in entry.items()
    }


def describe_exc_info(exc_info: ExcInfo) -> str:
    """The exception of *exc_info* as text."""
    return describe_exception(exc_info[1])


def build_terminal_renderer() -> Processor:
    """Colours for a person; exceptions are text already, so nothing else may format them."""
    return structlog.dev.ConsoleRenderer(
        colors=True, exception_formatter=structlog.dev.plain_traceback
    )


def render_json(_logger: object, _method: str, entry: EventDict) -> str:
    """*entry* as one line of JSON, the name of the event first."""
    return json.dumps({"event": entry.pop("event", None), **entry}, ensure_ascii=False)


def with_priority(render: Processor) -> Callable[[Any, str, EventDict], str]:
    """What *render* makes of an entry, behind the priority of its level."""

    def render_with_priority(logger: object, method: str, entry: EventDict) -> str:
        return f"<{PRIORITIES[entry['level']]}>{render(logger, method, entry)!s}"

    return render_with_priority

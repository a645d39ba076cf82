"""The table of bad input that every service is tried with, and what must not be left of it."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import trio

from tests.processes import children
from voicecalld.errors import ServiceError

TEN_MEBIBYTES: Final = 10 << 20
EMOJI: Final = "\U0001f600 \U0001f44d\U0001f3fd"
MARKUP: Final = "** __ **\n---\n```"

# What a caller of these tests is ready to wait: for somebody who will not speak, and for others.
LITTLE_PATIENCE_S: Final = 0.05
MUCH_PATIENCE_S: Final = 30.0


class Bad(StrEnum):
    """A row of the table."""

    STATUS_401 = "401"
    STATUS_403 = "403"
    STATUS_429 = "429"
    STATUS_500 = "500"
    SILENT_BEFORE = "time-out before the first byte"
    SILENT_WITHIN = "time-out in the middle"
    RESET_BEFORE = "reset before the first byte"
    RESET_WITHIN = "reset in the middle"
    HALF_EVENT = "half an event"
    HALF_SAMPLE = "half a sample"
    WRONG_TYPE = "wrong content type"
    JSON_FOR_SOUND = "JSON instead of what was asked for"
    MP3_FOR_SOUND = "MP3 instead of mu-law"
    NO_SOUND = "empty audio"
    HUGE_TEXT = "ten mebibytes of text"
    ENDLESS_SENTENCE = "one endless sentence"
    ONLY_EMOJI = "only emoji"
    ONLY_MARKUP = "only markup"
    NO_REPLY = "no reply"


def patience_for(bad: Bad, *, has_begun: bool) -> float:
    """How long to wait for the next of an answer with *bad* in it, in seconds."""
    is_silent = bad is (Bad.SILENT_WITHIN if has_begun else Bad.SILENT_BEFORE)
    return LITTLE_PATIENCE_S if is_silent else MUCH_PATIENCE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The service's fault is an error of exactly this class, whose message matches *reason*."""

    error: type[ServiceError]
    reason: str


def missing_rows(rows: Iterable[tuple[str, Bad]], absent: Mapping[str, Collection[Bad]]) -> object:
    """What is wrong with a table of the services in *absent*: nothing, if it is whole.

    *absent* has for each service the rows that its protocol cannot have.
    """
    wanted = {(name, bad) for name, never in absent.items() for bad in Bad if bad not in never}
    found = list(rows)
    return {*wanted} ^ {*found} or len(found) - len(wanted)


@asynccontextmanager
async def leaving_nothing() -> AsyncIterator[None]:
    """A block after which there must be no more tasks, processes and open files than before."""
    tasks = trio.lowlevel.current_statistics().tasks_living
    files, processes = open_files(), {*children()}
    yield
    # The last sockets of a server are closed by tasks that have to be scheduled first.
    with trio.fail_after(30):
        while trio.lowlevel.current_statistics().tasks_living > tasks:  # noqa: ASYNC110 - theirs
            await trio.lowlevel.checkpoint()
    assert {*children()} <= processes
    assert open_files() <= files


def open_files() -> set[str]:
    """Sockets and pipes of this process."""
    return {str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}


def tells_no_secret(error: Exception, *secrets: str) -> bool:
    """Whether neither the message of *error* nor those of its causes hold any of *secrets*."""
    message = str(error)
    return not any(secret in message for secret in secrets)

"""The journal's file: where it lies, who may open it, and what its tables are.

Only one daemon may use a journal, because each would take the other's calls for its own and hang
them up; a lock beside the file keeps the second one out, and is gone when its holder dies.
Anybody else may read the file at any time: SQLite's write-ahead log keeps readers and the writer
out of each other's way.
"""

import contextlib
import fcntl
import os
import pathlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from voicecalld.errors import StartError

# The columns of calls, utterances and latency are the fields of the values they keep.
# An event keeps the whole record as it was then, because clients are told of both together.
CALLS = """
CREATE TABLE calls (
    call_id TEXT NOT NULL PRIMARY KEY,
    provider TEXT NOT NULL,
    direction TEXT NOT NULL,
    mode TEXT NOT NULL,
    state TEXT NOT NULL,
    from_number TEXT NOT NULL,
    to_number TEXT NOT NULL,
    started_unix_s REAL NOT NULL,
    provider_call_id TEXT,
    answered_unix_s REAL,
    ended_unix_s REAL,
    idempotency_key TEXT UNIQUE
);
CREATE INDEX calls_by_start ON calls (started_unix_s);
CREATE INDEX calls_by_state ON calls (state);
CREATE INDEX calls_by_provider_call_id ON calls (provider_call_id);
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    call_id TEXT NOT NULL REFERENCES calls,
    event TEXT NOT NULL,
    unix_s REAL NOT NULL,
    record TEXT NOT NULL,
    details TEXT NOT NULL
);
CREATE TABLE utterances (
    seq INTEGER PRIMARY KEY REFERENCES events,
    call_id TEXT NOT NULL REFERENCES calls,
    speaker TEXT NOT NULL,
    text TEXT NOT NULL,
    unix_s REAL NOT NULL,
    interrupted INTEGER NOT NULL
);
CREATE INDEX utterances_by_call ON utterances (call_id, seq);
CREATE TABLE latency (
    seq INTEGER PRIMARY KEY REFERENCES events,
    call_id TEXT NOT NULL REFERENCES calls,
    turn INTEGER NOT NULL,
    unix_s REAL NOT NULL,
    endpoint_s REAL,
    transcript_s REAL,
    first_text_s REAL,
    first_audio_s REAL,
    first_frame_s REAL,
    first_mark_s REAL
);
CREATE INDEX latency_by_call ON latency (call_id, seq);
"""

# How the webhooks of the last day were answered, by what is signed in them.
REPLIES = """
CREATE TABLE replies (
    key TEXT NOT NULL PRIMARY KEY,
    unix_s REAL NOT NULL,
    status INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX replies_by_time ON replies (unix_s);
"""

# Why a call was not taken, and the like.
CAUSES = """
ALTER TABLE calls ADD COLUMN end_cause TEXT;
"""

# From when to when everybody spoke, and what else happened meanwhile, so that a call can be drawn.
TIMES = """
ALTER TABLE utterances ADD COLUMN ended_unix_s REAL;
ALTER TABLE latency ADD COLUMN speech_ended_unix_s REAL;
ALTER TABLE latency ADD COLUMN first_clause_s REAL;
CREATE INDEX events_by_call ON events (call_id, seq);
"""

# Step n makes version n of version n - 1; a step that was released is never changed.
STEPS = (CALLS, REPLIES, CAUSES, TIMES)
SCHEMA_VERSION = len(STEPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """An open journal file: one connection to write with and one to read with, and the lock."""

    path: pathlib.Path
    writer: sqlite3.Connection
    reader: sqlite3.Connection
    last_seq: int
    resources: contextlib.ExitStack

    def close(self) -> None:
        """Close both connections, then let the next daemon in."""
        self.resources.close()


def open_database(path: pathlib.Path) -> Database:
    """Open the journal file at *path*, and make it and its directories if they are missing.

    The connections may be used from any thread, each by one at a time.

    Raises:
        StartError: another daemon uses the file, a newer one has made it, or it cannot be written.
    """
    path = path.absolute()
    try:
        make_private_directory(path.parent)
        with contextlib.ExitStack() as resources:
            resources.enter_context(locked(path))
            make_private_file(path)
            writer = resources.enter_context(contextlib.closing(connect(path)))
            prepare(writer, path)
            reader = resources.enter_context(contextlib.closing(connect(path)))
            reader.execute("PRAGMA query_only = ON")
            (last_seq,) = reader.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()
            return Database(
                path=path,
                writer=writer,
                reader=reader,
                last_seq=last_seq,
                resources=resources.pop_all(),
            )
    except (OSError, sqlite3.Error) as error:
        raise StartError(f"{path} cannot be used as the journal: {error}") from error


def make_private_directory(path: pathlib.Path) -> None:
    """Make what is missing of *path*, for this user's eyes only."""
    # Not Path.mkdir(parents=True): that gives its mode to the last directory only.
    if path.is_dir():
        return
    make_private_directory(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)


def make_private_file(path: pathlib.Path) -> None:
    """Make the file at *path* if it is missing, for this user's eyes only."""
    # SQLite would make it as readable as the umask lets it. Its -wal and -shm copy this mode.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


@contextlib.contextmanager
def locked(path: pathlib.Path) -> Iterator[None]:
    """Keep every other daemon away from *path*."""
    # A file of its own: SQLite locks ranges of the database file, and closing any descriptor of
    # that file would drop those locks. It stays behind, since removing it could not be atomic.
    lock_path = path.with_name(f"{path.name}.lock")
    descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        lock(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def lock(descriptor: int, path: pathlib.Path) -> None:
    """Lock *descriptor* for as long as it is open, or raise `StartError`."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StartError(f"{path} is in use by another voicecalld") from error


def connect(path: pathlib.Path) -> sqlite3.Connection:
    """A connection whose rows have names, for any one thread at a time."""
    # isolation_level None: transactions begin and end where this program says so.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    return connection


def prepare(writer: sqlite3.Connection, path: pathlib.Path) -> None:
    """Choose how safely *writer* writes, and make the tables if there are none."""
    (version,) = writer.execute("PRAGMA user_version").fetchone()
    if not 0 <= version <= SCHEMA_VERSION:
        raise StartError(
            f"{path} has schema version {version}, but this voicecalld knows only versions"
            f" up to {SCHEMA_VERSION}: a newer one has made it"
        )
    writer.execute("PRAGMA journal_mode = WAL")
    # FULL: what is committed survives a power cut. NORMAL would lose the last commits, and with
    # them a call that somebody pays for.
    writer.execute("PRAGMA synchronous = FULL")
    writer.execute("PRAGMA foreign_keys = ON")
    steps = "".join(STEPS[version:])
    if steps:
        finish = f"PRAGMA user_version = {SCHEMA_VERSION};"
        writer.executescript(f"BEGIN IMMEDIATE;{steps}{finish}COMMIT;")

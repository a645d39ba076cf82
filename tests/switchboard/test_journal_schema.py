import contextlib
import pathlib
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import fields

import pytest

from voicecalld.call.record import CallRecord, TurnLatency, Utterance
from voicecalld.errors import StartError
from voicecalld.switchboard.journal_schema import (
    SCHEMA_VERSION,
    STEPS,
    Database,
    open_database,
)


@contextlib.contextmanager
def opened(path: pathlib.Path) -> Iterator[Database]:
    with contextlib.closing(open_database(path)) as database:
        yield database


def mode(path: pathlib.Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_its_user_can_see_the_file_and_the_directories_made_for_it(
    tmp_path: pathlib.Path,
) -> None:
    path = tmp_path / "state" / "voicecalld" / "journal.db"

    with opened(path):
        modes = {file.name: mode(file) for file in path.parent.iterdir()}

    assert modes == {
        "journal.db": 0o600,
        "journal.db-shm": 0o600,
        "journal.db-wal": 0o600,
        "journal.db.lock": 0o600,
    }
    assert mode(tmp_path / "state") == 0o700
    assert mode(tmp_path / "state" / "voicecalld") == 0o700


def test_a_directory_that_exists_keeps_its_mode(tmp_path: pathlib.Path) -> None:
    tmp_path.chmod(0o750)

    with opened(tmp_path / "journal.db"):
        assert mode(tmp_path) == 0o750


def test_each_commit_is_synced_and_readers_do_not_block_the_writer(tmp_path: pathlib.Path) -> None:
    with opened(tmp_path / "journal.db") as database:
        values = {
            name: database.writer.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "user_version")
        }

    assert values == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "user_version": SCHEMA_VERSION,
    }


@pytest.mark.parametrize(
    ("table", "value", "others"),
    [
        ("calls", CallRecord, []),
        ("utterances", Utterance, ["seq", "call_id"]),
        ("latency", TurnLatency, ["seq", "call_id"]),
    ],
)
def test_a_table_has_the_columns_of_the_values_it_keeps(
    tmp_path: pathlib.Path,
    table: str,
    value: type[CallRecord | Utterance | TurnLatency],
    others: list[str],
) -> None:
    with opened(tmp_path / "journal.db") as database:
        columns = database.reader.execute("SELECT name FROM pragma_table_info(?)", [table])
        names = [name for (name,) in columns]

    assert names == [*others, *(field.name for field in fields(value))]


def test_the_reader_cannot_write(tmp_path: pathlib.Path) -> None:
    with (
        opened(tmp_path / "journal.db") as database,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        database.reader.execute("DELETE FROM calls")


def test_a_journal_is_used_by_one_daemon_at_a_time(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "journal.db"

    with opened(path), pytest.raises(StartError, match="is in use by another voicecalld"):
        open_database(path)

    with opened(path) as database:
        assert database.last_seq == 0


def test_a_journal_of_a_newer_daemon_is_refused_and_left_as_it_is(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "journal.db"
    newer = SCHEMA_VERSION + 1
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {newer}")
    before = path.read_bytes()

    with pytest.raises(StartError) as caught:
        open_database(path)

    assert str(path) in str(caught.value)
    assert f"version {newer}," in str(caught.value)
    assert f"up to {SCHEMA_VERSION}:" in str(caught.value)
    assert path.read_bytes() == before


def make_journal(path: pathlib.Path, version: int) -> None:
    """A journal as the daemon of schema *version* made it, with something in every table."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript("".join(STEPS[:version]))
        for (table,) in tables_of(connection):
            columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
            values = ", ".join("1" for _ in columns)
            connection.execute(f"INSERT INTO {table} VALUES ({values})")  # noqa: S608 - ours
        connection.execute(f"PRAGMA user_version = {version}")
        connection.commit()


def tables_of(connection: sqlite3.Connection) -> list[tuple[str]]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    return connection.execute(query).fetchall()


def dump(connection: sqlite3.Connection) -> set[str]:
    """Every row, and what every table is like."""
    return {line for line in connection.iterdump() if line.startswith(("INSERT", "CREATE"))}


def schema(connection: sqlite3.Connection) -> set[str]:
    """What every table and every index is like."""
    return {row[0] for row in connection.execute("SELECT sql FROM sqlite_master") if row[0]}


def cells(connection: sqlite3.Connection) -> set[tuple[str, str, object]]:
    """Every value, and where it stands."""
    connection.row_factory = sqlite3.Row
    return {
        (table, column, row[column])
        for (table,) in tables_of(connection)
        for row in connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - ours
        for column in row.keys()  # noqa: SIM118 - a row iterates over its values
    }


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION))
def test_a_journal_of_an_older_daemon_gets_what_it_lacks_and_loses_nothing(
    tmp_path: pathlib.Path, version: int
) -> None:
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    make_journal(old, version)
    with contextlib.closing(sqlite3.connect(old)) as connection:
        before = cells(connection)

    for path in (old, new):
        with opened(path) as database:
            assert database.writer.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION

    with contextlib.closing(sqlite3.connect(old)) as upgraded:
        assert before < cells(upgraded)
        with contextlib.closing(sqlite3.connect(new)) as fresh:
            assert schema(upgraded) == schema(fresh)


def test_an_upgrade_that_fails_leaves_the_journal_as_it_was(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "journal.db"
    make_journal(path, 1)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE replies_by_time (in_the_way TEXT)")
        connection.commit()
        before = dump(connection)

    with pytest.raises(StartError, match="replies_by_time"):
        open_database(path)

    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert dump(connection) == before
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


def test_a_database_of_another_program_is_refused(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "journal.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE calls (number TEXT)")

    with pytest.raises(StartError, match="table calls already exists"):
        open_database(path)


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "journal.db"
    path.write_text("Dear diary, nobody called today. " * 100)

    with pytest.raises(StartError, match=r"journal.db.*file is not a database"):
        open_database(path)

    assert path.read_text().startswith("Dear diary")


@pytest.mark.parametrize("where", ["file/journal.db", "file/deeper/journal.db", "directory"])
def test_a_path_that_cannot_be_written_is_refused_with_its_reason(
    tmp_path: pathlib.Path, where: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "directory").mkdir()

    with pytest.raises(StartError, match=r"cannot be used as the journal: .*(exists|directory)"):
        open_database(tmp_path / where)


def test_a_refused_journal_can_be_opened_once_it_is_repaired(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "journal.db"
    path.write_text("not a database")
    with pytest.raises(StartError):
        open_database(path)
    path.unlink()

    with opened(path) as database:
        assert database.last_seq == 0

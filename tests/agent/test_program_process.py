import pytest

from tests.agent.programs import ENVIRONMENT, shell
from voicecalld.agent.program_process import is_taken, start_program


async def test_a_program_whose_number_is_another_ones_by_now_is_not_killed_once_more() -> None:
    ended = await start_program(shell("exit 0"), ENVIRONMENT)
    assert await ended.next_line() is None
    other = await start_program(("/bin/cat",), ENVIRONMENT)
    ended._process.pid = other._process.pid  # as after some millions of processes

    ended.kill()
    await other.send(b"still there\n")

    assert await other.next_line() == b"still there"
    for program in (ended, other):
        await program.end()


def test_whoever_belongs_to_somebody_else_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_pid: int, _signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr("os.kill", refuse)

    assert is_taken(1)

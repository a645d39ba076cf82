"""Real processes: what happens to those who ask a worker that hangs, dies or talks rubbish."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import structlog
import trio
import trio.testing

from tests.fakes import misbehaving_worker
from voicecalld.errors import ServiceError
from voicecalld.speech.framing import Answer
from voicecalld.speech.worker import ABANDONED_S, MOST_FAILURES, REST_S, Worker, open_worker
from voicecalld.speech.worker_process import COMPLAINT_BYTES, WORKER_ENVIRONMENT

COMMAND = (sys.executable, "-I", misbehaving_worker.__file__)
NAME = "the fake"


def open_fds() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def is_running(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def pid_of(answer: Answer) -> int:
    pid = answer.fields["pid"]
    assert isinstance(pid, int)
    return pid


async def abandon(worker: Worker, **fields: object) -> None:
    """Ask, and lose interest once the worker is at it."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(worker.ask, fields)
        await trio.testing.wait_all_tasks_blocked(0.005)
        nursery.cancel_scope.cancel()


async def kill_unnoticed(worker: Worker) -> int:
    """End its process while it has nothing to do; gives its number."""
    pid = pid_of(await worker.ask({}))
    fd = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    await trio.lowlevel.wait_readable(fd)
    os.close(fd)
    return pid


async def test_answers_carry_what_was_asked_and_as_much_as_there_is() -> None:
    async with open_worker(NAME, COMMAND) as worker:
        answer = await worker.ask({"echo": "\u2028\x00 ok", "size": 5_000_000})

    assert answer.fields["echo"] == "\u2028\x00 ok"
    assert len(answer.body) == 5_000_000


async def test_a_request_larger_than_a_pipe_is_answered() -> None:
    text = "long " * 200_000

    async with open_worker(NAME, COMMAND) as worker:
        answer = await worker.ask({"echo": text})

    assert answer.fields["echo"] == text


async def test_many_who_ask_at_once_get_their_own_answers() -> None:
    echoes: dict[int, object] = {}

    async with open_worker(NAME, COMMAND) as worker:

        async def ask(number: int) -> None:
            echoes[number] = (await worker.ask({"echo": number, "size": number * 1000})).fields[
                "echo"
            ]

        async with trio.open_nursery() as nursery:
            for number in range(20):
                nursery.start_soon(ask, number)

    assert echoes == {number: number for number in range(20)}


async def test_a_worker_has_a_session_of_its_own_and_none_of_the_daemons_environment() -> None:
    async with open_worker(NAME, COMMAND) as worker:
        answer = await worker.ask({})

    assert answer.fields["session"] == answer.fields["pid"] != os.getpid()
    environment = set(str(answer.fields["environment"]).strip("[]'").split("', '"))
    assert environment - {"PWD"} == set(WORKER_ENVIRONMENT)


async def test_a_worker_leaves_it_to_the_daemon_when_to_stop() -> None:
    async with open_worker(NAME, COMMAND) as worker:
        before = pid_of(await worker.ask({}))
        os.kill(before, signal.SIGINT)
        os.kill(before, signal.SIGTERM)

        assert pid_of(await worker.ask({})) == before


async def test_a_worker_ends_with_its_block() -> None:
    async with open_worker(NAME, COMMAND) as worker:
        pid = pid_of(await worker.ask({}))

    assert not is_running(pid)


async def test_a_worker_that_hangs_ends_with_its_block_all_the_same() -> None:
    async with open_worker(NAME, COMMAND) as worker:
        pid = pid_of(await worker.ask({}))
        await abandon(worker, do="hang")

    assert not is_running(pid)


async def test_a_worker_ends_with_its_block_when_that_is_cancelled() -> None:
    pid = 0

    with trio.CancelScope() as scope:
        async with open_worker(NAME, COMMAND) as worker:
            pid = pid_of(await worker.ask({}))
            scope.cancel()

    assert not is_running(pid)


@pytest.mark.parametrize(
    ("command", "last_request"), [(COMMAND, {}), ((*COMMAND, "1.0"), {"do": "seize"})]
)
def test_a_worker_does_not_outlive_a_daemon_that_was_killed(
    command: tuple[str, ...], last_request: dict[str, str]
) -> None:
    daemon = f"""
import trio
from voicecalld.speech.worker import open_worker

async def main():
    async with open_worker("the fake", {command!r}) as worker:
        print((await worker.ask({{}})).fields["pid"], flush=True)
        await worker.ask({last_request!r})
        await trio.sleep_forever()

trio.run(main)
"""
    with subprocess.Popen([sys.executable, "-c", daemon], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        worker_pid = int(process.stdout.readline())
        worker_fd = os.pidfd_open(worker_pid)
        process.kill()

    # Readable once the process is gone: nothing else ends this, but pytest's own time limit.
    trio.run(trio.lowlevel.wait_readable, worker_fd)
    os.close(worker_fd)


async def test_the_request_over_which_a_worker_is_killed_fails_and_the_next_one_does_not() -> None:
    async with open_worker(NAME, COMMAND) as worker:
        with pytest.raises(ServiceError, match="the fake died"):
            await worker.ask({"do": "die"})

        assert (await worker.ask({"echo": 2})).fields["echo"] == 2


async def test_a_worker_that_died_unnoticed_is_replaced_without_harm() -> None:
    async with open_worker(NAME, COMMAND) as worker:
        first = await kill_unnoticed(worker)

        assert pid_of(await worker.ask({})) != first


async def test_the_error_tells_the_end_of_what_the_worker_complained_about() -> None:
    async with open_worker(NAME, COMMAND) as worker:
        with pytest.raises(ServiceError, match="RuntimeError: out of order") as failed:
            await worker.ask({"do": "raise", "echo": "the caller's words"})

    assert len(str(failed.value)) < COMPLAINT_BYTES + 100
    assert "the caller's words" not in str(failed.value)


async def test_the_operator_is_told_once_of_each_worker_that_dies() -> None:
    with structlog.testing.capture_logs() as entries:
        async with open_worker(NAME, COMMAND) as worker:
            with pytest.raises(ServiceError):
                await worker.ask({"do": "die"})
            await kill_unnoticed(worker)
            await worker.ask({})

    assert entries == 2 * [
        {
            "event": "speech worker died",
            "log_level": "warning",
            "worker": NAME,
            "status": -signal.SIGKILL,
            "reason": "no reason given",
        }
    ]


async def test_the_operator_is_told_the_last_of_what_a_worker_complained_about() -> None:
    with structlog.testing.capture_logs() as entries:
        async with open_worker(NAME, COMMAND) as worker:
            with pytest.raises(ServiceError):
                await worker.ask({"do": "raise"})

    assert [(entry["status"], entry["reason"]) for entry in entries] == [
        (1, "RuntimeError: out of order")
    ]


async def test_a_worker_that_does_as_it_should_is_not_told_of() -> None:
    with structlog.testing.capture_logs() as entries:
        async with open_worker(NAME, COMMAND) as worker:
            await worker.ask({})
            await abandon(worker, do="linger", size=200_000)
            await worker.ask({})
            with trio.CancelScope() as scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(worker.ask, {"echo": "x" * 300_000, "do": "linger"})
                    await trio.lowlevel.checkpoint()
                    scope.cancel()
            await worker.ask({})

    assert entries == []


async def test_a_worker_that_takes_longer_than_it_may_fails_the_request() -> None:
    async with open_worker(NAME, (*COMMAND, "1.0")) as worker:
        with pytest.raises(ServiceError, match="the fake died"):
            await worker.ask({"do": "seize"})


async def test_complaints_without_end_do_not_stop_a_worker() -> None:
    async with open_worker(NAME, COMMAND) as worker:
        answer = await worker.ask({"do": "complain", "echo": 1})

    assert answer.fields["echo"] == 1


async def test_what_a_library_prints_is_not_taken_for_an_answer() -> None:
    async with open_worker(NAME, COMMAND) as worker:
        answer = await worker.ask({"do": "print", "echo": 1})

    assert answer.fields["echo"] == 1


async def test_a_program_that_does_not_speak_the_protocol_fails_the_request() -> None:
    chatter = (sys.executable, "-c", "while True: print('hello ' * 1000)")

    async with open_worker(NAME, chatter) as worker:
        with pytest.raises(ServiceError):
            await worker.ask({})


async def test_a_program_that_cannot_be_started_is_a_service_that_fails() -> None:
    with pytest.raises(ServiceError, match="the fake does not start"):
        async with open_worker(NAME, ("/nonexistent/program",)):
            pass


async def test_a_worker_that_keeps_dying_is_left_alone_for_a_while(
    mock_clock: trio.testing.MockClock,
) -> None:
    async with open_worker(NAME, COMMAND) as worker:
        for _ in range(MOST_FAILURES):
            with pytest.raises(ServiceError, match="died:"):
                await worker.ask({"do": "die"})

        with pytest.raises(ServiceError, match="3 times in a row"):
            await worker.ask({"echo": 1})

        mock_clock.jump(REST_S)
        assert (await worker.ask({"echo": 2})).fields["echo"] == 2


async def test_an_answer_in_between_forgives_earlier_deaths(
    mock_clock: trio.testing.MockClock,
) -> None:
    async with open_worker(NAME, COMMAND) as worker:
        for number in range(MOST_FAILURES + 1):
            with pytest.raises(ServiceError, match="died:"):
                await worker.ask({"do": "die"})
            assert (await worker.ask({"echo": number})).fields["echo"] == number


async def test_an_abandoned_answer_is_never_taken_for_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # However busy the machine is, which has no virtual time for a process.
    monkeypatch.setattr("voicecalld.speech.worker.ABANDONED_S", 60.0)
    async with open_worker(NAME, COMMAND) as worker:
        fds = open_fds()
        answer = await worker.ask({})
        first = pid_of(answer)
        for number in range(50):
            await abandon(worker, do="linger", echo="stale", size=200_000)
            answer = await worker.ask({"echo": number})
            assert answer.fields["echo"] == number

        assert pid_of(answer) == first
        assert open_fds() == fds


async def test_requests_that_are_cancelled_at_any_moment_leave_nothing_behind() -> None:
    async with open_worker(NAME, COMMAND) as worker:
        await worker.ask({})
        fds = open_fds()
        for number in range(50):
            with trio.CancelScope() as scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(worker.ask, {"echo": "x" * 300_000, "size": 300_000})
                    for _ in range(number):
                        await trio.lowlevel.checkpoint()
                    scope.cancel()

        assert (await worker.ask({"echo": "after"})).fields["echo"] == "after"
        assert open_fds() == fds


async def test_a_worker_that_hangs_over_an_abandoned_request_is_replaced(
    mock_clock: trio.testing.MockClock,
) -> None:
    with structlog.testing.capture_logs() as entries:
        async with open_worker(NAME, COMMAND) as worker:
            first = pid_of(await worker.ask({}))
            await abandon(worker, do="hang")
            mock_clock.jump(ABANDONED_S)

            answer = await worker.ask({"echo": 1})

    assert answer.fields["echo"] == 1
    assert pid_of(answer) != first
    assert not is_running(first)
    assert [entry["event"] for entry in entries] == ["speech worker hangs, and is started anew"]

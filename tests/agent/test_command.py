import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
import trio

from tests.agent.chat_rig import BRIEFING, outputs, said
from tests.agent.programs import ENVIRONMENT, MIRROR, TALKER, answering, python, shell
from tests.processes import children
from voicecalld.agent import program_process
from voicecalld.agent.base import (
    AgentOutput,
    AgentSession,
    CallerTurn,
    EndCall,
    PressKeys,
    SayText,
)
from voicecalld.agent.command import CommandAgent
from voicecalld.errors import ServiceError

HI = CallerTurn(text="hi", heard_before="Hello!")


@asynccontextmanager
async def talking_to(argv: Sequence[str]) -> AsyncGenerator[AgentSession, None]:
    async with CommandAgent(argv=argv, environment=ENVIRONMENT).open(BRIEFING) as session:
        yield session


async def wait_gone(pid: int) -> None:
    while is_running(pid):  # noqa: ASYNC110 - the kernel takes a moment to end what was killed
        await trio.lowlevel.checkpoint()


def is_running(pid: int) -> bool:
    """Whether there is such a process; whoever inherits a dead one may not have buried it yet."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return "\nState:\tZ" not in status


@pytest.fixture
def others() -> set[int]:
    """The processes that run beside those of the test."""
    return {*children()}


@pytest.fixture(autouse=True)
def much_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    # Some of these programs are to end by themselves, however busy the machine is.
    monkeypatch.setattr(program_process, "EXIT_S", 30.0)


async def test_lines_are_said_until_an_empty_one() -> None:
    async with talking_to(python(TALKER)) as session:
        answer = await outputs(session, HI)

    assert answer == [SayText(text="You\n"), SayText(text="said\n"), SayText(text="hi\n")]


async def test_the_program_remembers_the_call_it_is_in() -> None:
    async with talking_to(python(TALKER)) as session:
        await said(session, HI)

        assert await said(session, CallerTurn(text="there")) == "You\nsaid\nhi,\nthere\n"


async def test_the_program_is_told_of_the_turn_and_of_the_call() -> None:
    turn = CallerTurn(text="\u00fc\n", digits="1#", heard_before="He", interrupted=True)

    async with talking_to(python(MIRROR)) as session:
        answer = await said(session, turn)

    assert json.loads(answer.removeprefix("got ")) == {
        "turn": 1,
        "text": "\u00fc\n",
        "digits": "1#",
        "heard": "He",
        "interrupted": True,
        "call_id": "0190d5c8",
        "direction": "inbound",
        "from": "+15550100",
        "to": "+15550199",
        "language": "en-US",
        "opening": "Hello! How can I help?",
        "history": [],
    }


async def test_objects_order_keys_and_the_end_of_the_call_in_their_order() -> None:
    lines = ("One moment.", '{"press": "12#"}', '{"say": "Good\\nbye.", "end_call": true}')

    async with talking_to(answering(*lines)) as session:
        answer = await outputs(session, HI)

    assert answer == [
        SayText(text="One moment.\n"),
        PressKeys(digits="12#"),
        SayText(text="Good\nbye.\n"),
        EndCall(),
    ]


@pytest.mark.parametrize("end", ["", '{"done": true}'])
async def test_an_order_to_end_the_call_may_be_followed_by_the_end_of_the_turn(end: str) -> None:
    program = f"""
import sys
for line in sys.stdin:
    print("Bye.", '{{"end_call": true}}', {end!r}, sep="\\n")
"""
    async with talking_to(python(program)) as session:
        answers = [await outputs(session, HI) for _ in range(3)]

    assert answers == [[SayText(text="Bye.\n"), EndCall()]] * 3


async def test_a_program_is_killed_at_a_barge_in_and_started_anew_for_the_next_turn(
    others: set[int],
) -> None:
    async with talking_to(answering("So", then="time.sleep(60)")) as session:
        async with aclosing(session.reply(HI)) as reply:
            assert await anext(reply) == SayText(text="So\n")
            (first,) = {*children()} - others
        await wait_gone(first)

        async with aclosing(session.reply(HI)) as reply:
            assert await anext(reply) == SayText(text="So\n")
            (second,) = {*children()} - others

    assert first != second
    assert {*children()} <= others


async def test_what_a_program_started_for_a_turn_is_killed_with_it_at_a_barge_in(
    tmp_path: Path,
) -> None:
    deed, pid_file = tmp_path / "deed", tmp_path / "pid"
    tool = f"sh -c 'sleep 60; touch {deed}' & echo $! > {pid_file}; echo So; wait"
    async with talking_to(shell(f"read -r line; {tool}")) as session:
        async with aclosing(session.reply(HI)) as reply:
            await anext(reply)
            pid = int(pid_file.read_text())

        await wait_gone(pid)

    assert not deed.exists()


async def test_a_program_started_anew_is_told_of_the_call_and_of_our_words_what_was_heard() -> (
    None
):
    first = 'print("Red.\\n{\\"press\\": \\"1\\"}\\nBlue.")'
    program = f"""
import sys
for line in sys.stdin:
    if '"turn": 1,' in line:
        {first}
    else:
        print("got", line)
"""
    turn = CallerTurn(text="why", heard_before="Red.", interrupted=True)
    async with talking_to(python(program)) as session:
        async with aclosing(session.reply(CallerTurn(text="hi", digits="5"))) as reply:
            taken = [await anext(reply) for _ in range(3)]
        answer = await said(session, turn)

    assert taken[1] == PressKeys(digits="1")
    assert json.loads(answer.removeprefix("got "))["history"] == [
        {"who": "caller", "text": "hi\n(They pressed these keys of their telephone: 5)"},
        {"who": "agent", "text": "Red.\u2026", "press": "1"},
    ]


async def test_what_a_program_writes_behind_the_end_of_its_turn_is_no_answer_to_the_next(
    tmp_path: Path,
) -> None:
    written = tmp_path / "written"
    program = f"""
import pathlib, sys
for line in sys.stdin:
    print("One")
    print()
    print('{{"press": "1"}}')
    print("Too late")
    pathlib.Path({str(written)!r}).touch()
"""
    async with talking_to(python(program)) as session:
        for _ in range(3):
            assert await outputs(session, HI) == [SayText(text="One\n")]
            while not written.exists():  # noqa: ASYNC110 - it is another program
                await trio.lowlevel.checkpoint()
            written.unlink()


async def test_a_script_that_answers_one_turn_and_ends_is_an_agent() -> None:
    async with talking_to(shell("read -r line; echo One; echo Two")) as session:
        answers = [await said(session, HI) for _ in range(3)]

    assert answers == ["One\nTwo\n"] * 3


@pytest.mark.parametrize("end", ["\\n", "\\r\\n"])
async def test_the_end_of_a_line_that_was_cut_in_two_is_not_the_end_of_the_next_turn(
    end: str,
) -> None:
    program = f"""
import os, sys
sys.stdin.readline()
os.write(1, b"One.{end}{end}late")
sys.stdin.readline()
os.write(1, b"{end}Two.{end}{end}")
"""
    async with talking_to(python(program)) as session:
        answers = [await said(session, HI), await said(session, HI)]

    assert answers == ["One.\n", "Two.\n"]


async def test_a_script_that_ends_behind_the_end_of_its_turn_is_an_agent_as_well() -> None:
    async with talking_to(shell("read -r line; echo One; echo")) as session:
        answers = [await said(session, HI) for _ in range(5)]

    assert answers == ["One\n"] * 5


BAD = [
    (answering("So", then="sys.exit(3)"), "ended with status 3"),
    (answering("So", then="os.kill(os.getpid(), 9)"), "ended with status -9"),
    (answering("", then="pass"), "said nothing"),
    (answering('{"done": true}', then="pass"), "said nothing"),
    (shell("exit 0"), "said nothing"),
    (answering('{"say": '), "no JSON object"),
    (answering('{"shout": "Yes"}'), "orders nothing"),
    (answering('{"press": "call me"}'), "no telephone has"),
    (answering('{"press": 7}'), "no telephone has"),
    (python("while True: print('x' * 9999, end='')"), "line without end"),
    (python("while True: print('and so on')"), "does not come to an end"),
]


@pytest.mark.parametrize(("argv", "reason"), BAD)
async def test_a_program_that_misbehaves_is_an_error_of_this_turn_only(
    argv: Sequence[str], reason: str, others: set[int]
) -> None:
    async with talking_to(argv) as session:
        for _ in range(2):
            with pytest.raises(ServiceError, match=reason):
                await outputs(session, HI)

    assert {*children()} <= others


async def test_a_program_that_closes_its_output_and_runs_on_is_an_error_as_well(
    monkeypatch: pytest.MonkeyPatch, others: set[int]
) -> None:
    monkeypatch.setattr(program_process, "EXIT_S", 0.1)
    async with talking_to(answering("So", then="os.close(1); time.sleep(60)")) as session:
        for _ in range(2):
            with pytest.raises(ServiceError, match="closed its output, and runs on"):
                await outputs(session, HI)

    assert {*children()} <= others


async def test_bytes_that_are_no_text_are_said_as_well_as_they_can_be() -> None:
    async with talking_to(shell("read -r line; printf 'a\\377b\\n\\n'; cat")) as session:
        assert await said(session, HI) == "a\ufffdb\n"


async def test_a_program_that_is_not_there_does_not_start() -> None:
    with pytest.raises(ServiceError, match="does not start: No such file"):
        async with talking_to(["/nonexistent/agent"]):
            pass


async def test_a_turn_cancelled_while_the_program_thinks_harms_no_later_one(
    others: set[int],
) -> None:
    async with talking_to(shell("read -r line; echo So; exec sleep 60")) as session:
        with trio.CancelScope() as scope:
            async with aclosing(session.reply(HI)) as reply:
                await anext(reply)
                scope.cancel()
                await anext(reply)

        async with aclosing(session.reply(HI)) as reply:
            assert await anext(reply) == SayText(text="So\n")

    assert scope.cancelled_caught
    assert {*children()} <= others


async def test_a_turn_asked_for_while_the_one_before_is_still_being_cut_is_answered(
    others: set[int],
) -> None:
    program = """
import sys, time
for line in sys.stdin:
    print("So", flush=True)
    time.sleep(60 if '"turn": 1,' in line else 0)
    print(flush=True)
"""

    async def answer_first() -> None:
        with scope:
            async with aclosing(session.reply(HI)) as reply:
                while True:
                    begun.append(await anext(reply))

    begun: list[AgentOutput] = []
    scope = trio.CancelScope()
    async with talking_to(python(program)) as session, trio.open_nursery() as nursery:
        nursery.start_soon(answer_first)
        while not begun:  # noqa: ASYNC110 - it is another program
            await trio.lowlevel.checkpoint()
        scope.cancel()  # which its task has not noticed yet

        assert await said(session, HI) == "So\n"

    assert {*children()} <= others


async def test_what_the_program_has_started_ends_with_the_call(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    script = f"sleep 60 & echo $! > {pid_file}; read -r line; echo So; echo; cat"
    async with talking_to(shell(script)) as session:
        await said(session, HI)
        pid = int(pid_file.read_text())

    await wait_gone(pid)


async def test_the_environment_is_what_the_agent_was_given() -> None:
    argv = shell('read -r line; echo "$COLOUR $HOME $PYTHONUNBUFFERED"')

    async with CommandAgent(argv=argv, environment={"COLOUR": "red"}).open(BRIEFING) as session:
        assert (await said(session, HI)).split() == ["red", "1"]

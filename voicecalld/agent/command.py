"""An agent that is a program of the user's: one process for each call, a line for each turn.

The simplest program reads a line, writes an answer and an empty line, and so on. At a barge-in it
is killed, with all that it has started: only so is it certain that nothing more is done for a turn
that was cut short. The next turn starts it anew, which is why every line tells of the whole call
(``history``, of our words only what was heard): a program need not remember anything. One that
ends by itself, with status 0, has ended its turn, and is started anew for the next one: so a
script that answers a single line is an agent, too.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager

import trio

from voicecalld.agent.base import (
    AgentOutput,
    AgentSession,
    Briefing,
    CallerTurn,
    SayText,
)
from voicecalld.agent.chat_history import ChatHistory
from voicecalld.agent.program_lines import Line, parse_line, render_turn
from voicecalld.agent.program_process import ProgramProcess, start_program
from voicecalld.call.clauses import speakable
from voicecalld.errors import ServiceError

# Twenty minutes of speech: a program in a circle writes that.
MOST_SPOKEN_CHARACTERS = 20_000


class CommandAgent:
    """Runs *argv* for each call, with *environment* as its whole environment."""

    def __init__(self, *, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        self._argv = tuple(argv)
        # Python's programs would otherwise keep their answers to themselves.
        self._environment = {"PYTHONUNBUFFERED": "1", **environment}

    @asynccontextmanager
    async def open(self, briefing: Briefing) -> AsyncGenerator[AgentSession, None]:
        """Take part in one call; the program starts now, so that it is ready for the first turn.

        Raises:
            ServiceError: it cannot be started.
        """
        session = CommandSession(self._argv, self._environment, briefing)
        try:
            await session.start()
            yield session
        finally:
            await session.aclose()


class CommandSession:
    """The program's side of one call."""

    def __init__(
        self, argv: Sequence[str], environment: Mapping[str, str], briefing: Briefing
    ) -> None:
        self._argv = argv
        self._environment = environment
        self._briefing = briefing
        self._history = ChatHistory(briefing.opening)
        self._program: ProgramProcess | None = None
        self._turns = 0
        # The next turn may be asked for before the task of one that was cut has noticed.
        self._place = trio.Semaphore(1, max_value=1)  # no lock: a turn may end in another task
        self._may_end_twice = False  # behind an order that has ended the turn

    async def start(self) -> None:
        """Start the program.

        Raises:
            ServiceError: it cannot be started.
        """
        self._program = await start_program(self._argv, self._environment)
        self._may_end_twice = False

    async def aclose(self) -> None:
        """End the program."""
        program, self._program = self._program, None
        if program is not None:
            await program.end()  # shielded and bounded by itself

    async def reply(self, turn: CallerTurn) -> AsyncGenerator[AgentOutput, None]:
        """What the program writes about *turn*, line by line; to close it early kills the program.

        Raises:
            ServiceError: the program failed; the next turn starts it anew.
        """
        self._turns += 1
        line = render_turn(self._briefing, self._history, turn, self._turns)
        async with self._place, aclosing(self._answer(line)) as outputs:
            async for output in outputs:
                yield output  # noqa: ASYNC119 - whoever makes the turn closes it

    async def _answer(self, line: bytes) -> AsyncGenerator[AgentOutput, None]:
        is_over = False
        said = ""
        is_answered = False
        try:
            answer = await self._ask(line)
            while answer is not None:
                is_over = answer.ends_turn
                self._may_end_twice = is_over and bool(answer.outputs)
                said += "".join(o.text for o in answer.outputs if isinstance(o, SayText))
                is_answered |= any(not isinstance(o, SayText) for o in answer.outputs)
                for output in answer.outputs:
                    yield output
                    self._history.add_output(output)  # for the program's next life
                check_length(len(said))
                answer = None if is_over else await self._next_line()
            is_over = True
        finally:
            if not is_over:
                self._kill()
        if not (is_answered or speakable(said)):
            raise ServiceError("the agent's program said nothing")

    async def _ask(self, line: bytes) -> Line | None:
        """The first line of the answer to *line*; None if the program has ended instead."""
        program = self._program
        if program is not None and program.is_usable:
            program.forget_written()
            await program.send(line)
            answer = await self._next_line()
            if answer is not None:
                return answer
            # It has answered the turn before and ended, as is its right, when it got this one.
        await self._restart()
        assert self._program is not None
        await self._program.send(line)
        return await self._next_line()

    async def _restart(self) -> None:
        program, self._program = self._program, None
        if program is not None:
            await program.end(grace_s=0.0)
        await self.start()

    async def _next_line(self) -> Line | None:
        """What the next line orders; None when the program has ended its turn by ending."""
        assert self._program is not None
        line = await self._program.next_line()
        if line is not None and self._may_end_twice and ends_turn(line):
            line = await self._program.next_line()
        self._may_end_twice = False
        return None if line is None else parse_line(line)

    def _kill(self) -> None:
        """End the program with all that it has started; the next turn starts a new one."""
        if self._program is not None:
            self._program.kill()


def check_length(characters: int) -> None:
    """Raise unless somebody could listen to a turn of so many *characters*.

    Raises:
        ServiceError: nobody could.
    """
    if characters > MOST_SPOKEN_CHARACTERS:
        raise ServiceError("the agent's program does not come to an end")


def ends_turn(line: bytes) -> bool:
    """Whether *line*, of which nothing is said, ends its turn."""
    try:
        return parse_line(line).ends_turn
    except ServiceError:
        return False

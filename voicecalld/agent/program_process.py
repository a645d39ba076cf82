"""A user's program that runs: lines in, lines out, and all of its processes ended in the end."""

import errno
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress

import trio

from voicecalld.agent.program_lines import LineReader
from voicecalld.errors import ServiceError

RECEIVE_BYTES = 65536  # what a pipe holds

# A program sees the end of its input, and may write down what it knows of the call.
GRACE_S = 1.0
EXIT_S = 1.0  # from the end of its output to its own
KILL_S = 1.0  # a killed process is gone at once, unless the kernel itself is stuck

# No shell is asked to make something of it.
NEEDS_INTERPRETER = "; a script needs a first line such as #!/usr/bin/env python3"


class ProgramProcess:
    """One process, in a session of its own with all that it starts."""

    def __init__(self, process: trio.Process) -> None:
        self._process = process
        self._lines = LineReader()
        self._is_whole = True  # neither killed nor given half a line

    @property
    def is_usable(self) -> bool:
        """Whether it can take another line: it runs, and has got every line whole."""
        return self._is_whole and self._process.returncode is None

    async def send(self, line: bytes) -> None:
        """Hand over *line*; a program that has gone shows when it is read from."""
        assert self._process.stdin is not None
        self._is_whole = False  # cancelled in the middle it would be half a line
        with suppress(trio.BrokenResourceError):
            await self._process.stdin.send_all(line)
        self._is_whole = True

    def forget_written(self) -> None:
        """Throw away what it has written behind the end of its turn: it is no answer to the next.

        Of a pipe full at most, so that a program that never stops does not stop us.
        """
        assert isinstance(self._process.stdout, trio.lowlevel.FdStream)
        written = b""
        with suppress(BlockingIOError):
            written = os.read(self._process.stdout.fileno(), RECEIVE_BYTES)
        self._lines.forget(written)

    async def next_line(self) -> bytes | None:
        """The next line without its end; None when the program has ended well.

        Raises:
            ServiceError: it has ended badly, or the line has no end.
        """
        assert self._process.stdout is not None
        while (line := self._lines.take()) is None:
            data = await self._process.stdout.receive_some(RECEIVE_BYTES)
            if not data:
                return await self._last_line()
            self._lines.feed(bytes(data))
        return line

    async def _last_line(self) -> bytes | None:
        """What is left of the output behind its last line, and then None.

        Raises:
            ServiceError: the program did not end with status 0.
        """
        if line := self._lines.take_rest():
            return line
        with trio.move_on_after(EXIT_S):
            status = await self._process.wait()
            if status != 0:
                raise ServiceError(f"the agent's program ended with status {status}")
            return None
        raise ServiceError("the agent's program closed its output, and runs on")

    def kill(self) -> None:
        """End it, with all that it has started; `end` must still be waited for."""
        self._is_whole = False
        # The session's number is given to nobody else while one of its processes lives.
        if self._process.returncode is not None and is_taken(self._process.pid):
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def end(self, grace_s: float = GRACE_S) -> None:
        """Close its input, give it *grace_s* to end, then kill what is left of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with trio.move_on_after(grace_s + KILL_S, shield=True):
            await self._process.stdin.aclose()
            with trio.move_on_after(grace_s):
                await self._process.wait()
            self.kill()
            await self._process.wait()
        with trio.move_on_after(0, shield=True):
            await self._process.stdout.aclose()


def is_taken(pid: int) -> bool:
    """Whether there is a process with the number *pid*, dead and unburied ones included."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's
    return True


async def start_program(argv: Sequence[str], environment: Mapping[str, str]) -> ProgramProcess:
    """A new process that runs *argv*; what it complains about goes where the daemon's log goes.

    Raises:
        ServiceError: it cannot be started.
    """
    try:
        process = await trio.lowlevel.open_process(
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env=environment,
        )
    except OSError as error:
        needs = NEEDS_INTERPRETER if error.errno == errno.ENOEXEC else ""
        raise ServiceError(
            f"the agent's program does not start: {error.strerror}{needs}"
        ) from error
    return ProgramProcess(process)

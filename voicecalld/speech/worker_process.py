"""One worker process: its pipes, one request at a time, and its end."""

import math
import subprocess
from collections.abc import Mapping, Sequence
from typing import Final

import trio

from voicecalld.errors import BadMessageError
from voicecalld.speech.framing import Answer, AnswerReader, Request, render_request

RECEIVE_BYTES = 65536  # what a pipe holds
COMPLAINT_BYTES = 2048  # the end of a traceback
GRACE_S = 0.5  # a worker has nothing to save; it stops as soon as it sees the end of its input
KILL_S = 1.0  # a killed process is gone at once, unless the kernel itself is stuck

# All that a worker is told: the daemon's environment may hold secrets, and no engine needs it.
WORKER_ENVIRONMENT: Final[Mapping[str, str]] = {
    "LC_ALL": "C.UTF-8",
    # numpy's linear algebra has a thread for each core, and each maps 40 MB: on a large machine
    # more than `worker_program.LIMITS` allow. No engine here has work for two threads.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OMP_THREAD_LIMIT": "1",
}


class WorkerProcess:
    """A running worker. Its user lets one request follow another."""

    def __init__(self, process: trio.Process) -> None:
        self._process = process
        self._answers = AnswerReader()
        self._complaints = bytearray()
        self._is_killed = False
        self._sent_all = True
        self._sent_number = 0
        self._answered_number = 0
        self._abandoned_s = math.inf

    @property
    def is_alive(self) -> bool:
        """Whether it could still answer."""
        # A killed process takes a moment to be seen dead.
        return not self._is_killed and self._process.returncode is None

    @property
    def is_killed(self) -> bool:
        """Whether it was we who ended it."""
        return self._is_killed

    @property
    def status(self) -> int | None:
        """What it ended with, a signal being negative; None before that is known."""
        return self._process.returncode

    @property
    def complaints(self) -> str:
        """The last it wrote to standard error."""
        return self._complaints.decode(errors="replace").strip()

    @property
    def abandoned_s(self) -> float:
        """Since when (`trio.current_time`) an abandoned request is unanswered, or infinity."""
        return self._abandoned_s

    async def ask(self, request: Request) -> Answer | None:
        """The answer to *request*; None if the process died or wrote something else.

        Cancelled, it leaves the answer to be read by `settle`.
        """
        answer = None
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._send, request)
                # A worker that complains more than its pipe holds must not stand still.
                nursery.start_soon(self._keep_complaints)
                answer = await self._receive(request.number)
                nursery.cancel_scope.cancel()
        finally:
            self._note_abandoned()
        return answer

    async def settle(self) -> None:
        """Wait until what was abandoned is answered, or never will be."""
        if self._answered_number < self._sent_number:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._keep_complaints)
                await self._receive(self._sent_number)
                nursery.cancel_scope.cancel()

    def _note_abandoned(self) -> None:
        if self._answered_number < self._sent_number:
            self._abandoned_s = min(self._abandoned_s, trio.current_time())
        if not self._sent_all:
            # Half a line cannot be taken back, and would spoil the next one.
            self.kill()

    async def _send(self, request: Request) -> None:
        assert self._process.stdin is not None
        await trio.lowlevel.checkpoint_if_cancelled()
        self._sent_number = request.number
        self._sent_all = False
        try:
            await self._process.stdin.send_all(render_request(request))
        except trio.BrokenResourceError:
            return  # it has died, and whoever receives finds out
        self._sent_all = True

    async def _receive(self, number: int) -> Answer | None:
        assert self._process.stdout is not None
        while data := await self._process.stdout.receive_some(RECEIVE_BYTES):
            try:
                answers = self._answers.feed(bytes(data))
            except BadMessageError:
                self.kill()
                return None
            for answer in answers:
                self._answered_number = answer.number
                self._abandoned_s = math.inf
                if answer.number == number:
                    return answer
        return None

    async def _keep_complaints(self) -> None:
        assert self._process.stderr is not None
        while data := await self._process.stderr.receive_some(RECEIVE_BYTES):
            self._complaints += data
            del self._complaints[:-COMPLAINT_BYTES]

    def kill(self) -> None:
        """End it at once; `end` must still be waited for."""
        self._is_killed = True
        self._process.kill()

    async def end(self) -> None:
        """Stop the process if it still runs, and give everything back to the system."""
        pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        with trio.move_on_after(GRACE_S + KILL_S, shield=True):
            # Both: it might be waiting to be read from.
            for pipe in pipes[:2]:
                assert pipe is not None
                await pipe.aclose()
            with trio.move_on_after(GRACE_S):
                await self._keep_complaints()
                await self._process.wait()
            self.kill()
            await self._process.wait()
        assert pipes[2] is not None
        with trio.move_on_after(0, shield=True):
            await pipes[2].aclose()


async def start_worker_process(command: Sequence[str]) -> WorkerProcess:
    """A new process that runs *command*, in a session of its own, out of reach of a terminal.

    Raises:
        OSError: it cannot be started.
    """
    process = await trio.lowlevel.open_process(
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        cwd="/",
        env=WORKER_ENVIRONMENT,
    )
    return WorkerProcess(process)

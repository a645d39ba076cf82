"""An engine kept in a process of its own, so that its crash, its licence and its work stay there.

The process is started anew when it has died, at the next request; a request that it died over
fails. Whatever the engine does, the daemon's own loop never waits for it.
"""

import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import structlog
import trio

from voicecalld.errors import ServiceError
from voicecalld.speech.framing import Answer, Request
from voicecalld.speech.worker_process import WorkerProcess, start_worker_process

# An abandoned request is usually answered within milliseconds; one that is not never will be.
ABANDONED_S = 2.0
# A request that kills its worker is bad luck; three in a row, and the engine is broken. It is
# then left alone for a while: starting processes in a circle helps nobody.
MOST_FAILURES = 3
REST_S = 5.0

log: Final = structlog.get_logger()


class Worker:
    """Asks a process that runs *command*, one request at a time, in the order of asking.

    Errors call it *name*.
    """

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self._name = name
        self._command = command
        self._turn = trio.Lock()
        self._process: WorkerProcess | None = None
        self._number = 0
        self._failures = 0
        self._failed_s = 0.0

    async def start(self) -> None:
        """Start the process without waiting until its engine is loaded.

        Raises:
            ServiceError: there is no new process to be had.
        """
        async with self._turn:
            await self._living_process()

    async def ask(self, fields: Mapping[str, object]) -> Answer:
        """The engine's answer; to be cancelled at any time.

        Raises:
            ServiceError: the process died over it, or has died too often.
        """
        async with self._turn:
            process = await self._settled_process()
            self._number += 1
            answer = await process.ask(Request(number=self._number, fields=fields))
            if answer is None:
                raise ServiceError(await self._bury(process))
            self._failures = 0
            return answer

    async def _settled_process(self) -> WorkerProcess:
        process = await self._living_process()
        with trio.move_on_at(process.abandoned_s + ABANDONED_S) as scope:
            await process.settle()
        if scope.cancelled_caught:
            log.warning("speech worker hangs, and is started anew", worker=self._name)
            process.kill()
        return await self._living_process()

    async def _living_process(self) -> WorkerProcess:
        process = self._process
        if process is not None and process.is_alive:
            return process
        if process is not None and not process.is_killed:
            await self._find_reason(process)
        await self.end()
        if self._failures >= MOST_FAILURES and trio.current_time() < self._failed_s + REST_S:
            raise ServiceError(f"{self._name} died {self._failures} times in a row")
        try:
            self._process = await start_worker_process(self._command)
        except OSError as error:
            raise ServiceError(f"{self._name} does not start: {error.strerror}") from error
        return self._process

    async def _bury(self, process: WorkerProcess) -> str:
        self._failures += 1
        self._failed_s = trio.current_time()
        return f"{self._name} died: {await self._find_reason(process)}"

    async def _find_reason(self, process: WorkerProcess) -> str:
        """What a dead process last complained about; the operator is told as well."""
        await self.end()
        reason = process.complaints or "no reason given"
        last_line = reason.splitlines()[-1]
        log.warning(
            "speech worker died", worker=self._name, status=process.status, reason=last_line
        )
        return reason

    async def end(self) -> None:
        """Stop the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            await process.end()


def module_command(module: str) -> tuple[str, ...]:
    """The command that runs *module* with this Python."""
    # -I: neither the environment nor the working directory decides what is imported.
    return (sys.executable, "-I", "-m", module)


@asynccontextmanager
async def open_worker(name: str, command: Sequence[str]) -> AsyncGenerator[Worker, None]:
    """A worker whose process has been started; it ends with the block.

    Raises:
        ServiceError: there is no new process to be had.
    """
    worker = Worker(name, command)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(worker.end)  # shielded and bounded by itself
        await worker.start()
        yield worker

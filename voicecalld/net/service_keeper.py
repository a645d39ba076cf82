"""Keeps one service started, also if it is not there when the daemon starts."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Generic, Protocol, TypeVar, runtime_checkable

import trio

from voicecalld.errors import ConfigError, NotStartedError, ServiceError, UnreachableServiceError
from voicecalld.net.reach import reach
from voicecalld.net.service_guard import ServiceGuard

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0

# Of one that could not be reached, while somebody waits to hear whether it can be now.
LOOK_S = 2.0

ServiceT = TypeVar("ServiceT")


@runtime_checkable
class Warmable(Protocol):
    """A service that can get ready for the next request."""

    async def warm(self) -> None:
        """Get ready."""


class ServiceKeeper(Generic[ServiceT]):
    """Owns what runs behind a service; *open_it* starts it, and can be called again.

    A service across the network is at *url*; without one it is on this machine.
    """

    def __init__(
        self,
        guard: ServiceGuard,
        open_it: Callable[[], AbstractAsyncContextManager[ServiceT]],
        *,
        url: str = "",
        reach: Callable[[str], Awaitable[None]] = reach,
    ) -> None:
        self.guard = guard
        self.open_it = open_it
        self.url = url
        self.reach = reach
        self.current: ServiceT | None = None

    @property
    def service(self) -> ServiceT:
        """The service.

        Raises:
            NotStartedError: it has not started.
        """
        if self.current is None:
            raise NotStartedError(f"{self.guard.name} has not started: {self.guard.trouble}")
        return self.current

    async def check(self) -> None:
        """Make sure that nothing is known that keeps the service from working now.

        One that could not be reached is looked for once more: it may just be back.

        Raises:
            ServiceError: it has not started, cannot be reached, or is left alone.
        """
        _ = self.service
        if self.url and self.guard.unreachable.is_set():
            is_there = False
            with trio.move_on_after(LOOK_S):
                is_there = await self.is_there()
            if not is_there:
                raise UnreachableServiceError(self.guard.reason)
        self.guard.check()

    async def start(self, stack: AsyncExitStack) -> None:
        """Start the service, to be stopped by *stack*; one that does not start is noted.

        Raises:
            ConfigError: it cannot be used as it is configured.
        """
        try:
            self.current = await stack.enter_async_context(self.open_it())
        except ServiceError as error:
            self.guard.on_not_started(str(error))
        else:
            if not self.url:
                self.guard.on_works()

    async def run(self) -> None:
        """Start the service if it has not started, and find out whether it can be reached."""
        pause_s = FIRST_PAUSE_S
        try:
            async with AsyncExitStack() as stack:
                while self.current is None:
                    await trio.sleep(pause_s)
                    pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                    await self.start_late(stack)
                if self.url:
                    await self.watch_way()
                await trio.sleep_forever()
        finally:
            self.current = None

    async def start_late(self, stack: AsyncExitStack) -> None:
        """Start the service; what is wrong with its settings shows too late to end the daemon."""
        try:
            await self.start(stack)
        except ConfigError as error:
            self.guard.on_not_started(str(error))

    async def watch_way(self) -> None:
        """Find out whether the service can be reached: at first, and while it could not be."""
        pause_s = FIRST_PAUSE_S
        while True:
            if await self.is_there():
                pause_s = FIRST_PAUSE_S
                await self.guard.unreachable.wait()
            await trio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def is_there(self) -> bool:
        """Find out whether the service can be reached."""
        try:
            await self.reach(self.url)
        except ServiceError as error:
            self.guard.on_trouble(error)
            return False
        self.guard.on_reached()
        return True

    async def warm(self) -> None:
        """Have the service get ready for the next request, if it can."""
        if isinstance(self.current, Warmable):
            await self.current.warm()

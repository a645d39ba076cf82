"""Giving commands to a carrier: what may fail, and what must not overtake what."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import structlog

from voicecalld.errors import CarrierError, OutcomeUnknownError
from voicecalld.provider.http import HttpRequest
from voicecalld.switchboard.carrier_leg import CarrierLeg, LegOverError
from voicecalld.switchboard.outcome import Outcome

log: Final = structlog.get_logger()

Task: TypeAlias = Callable[[], Awaitable[None]]


class Commanding:
    """Gives commands for one call; ``start_task`` runs those that nobody may break off."""

    def __init__(self, leg: CarrierLeg, start_task: Callable[[Task], None]) -> None:
        self.leg = leg
        self.start_task = start_task
        self.flight = Outcome[None]()  # of the last command that must not be overtaken
        self.flight.succeed(None)

    async def order(self, request: HttpRequest, what: str) -> None:
        """Have the carrier do *what*; it counts as done if nobody knows.

        Raises:
            LegOverError: the call is over.
            CarrierError: the carrier refuses.
        """
        try:
            await self.leg.change(request, what)
        except OutcomeUnknownError as error:
            log.warning("carrier may not have obeyed", reason=str(error))

    async def attempt(self, request: HttpRequest, what: str) -> None:
        """Have the carrier do *what*, if it will.

        Raises:
            LegOverError: the call is over.
        """
        try:
            await self.order(request, what)
        except LegOverError:
            raise
        except CarrierError as error:
            log.warning("carrier did not obey", reason=str(error))

    async def fly(self, command: Task) -> None:
        """Give *command*, which comes to its end also if what it belongs to is broken off.

        Raises:
            CarrierError: as *command* does.
        """
        flight = self.flight = Outcome[None]()

        async def run() -> None:
            try:
                await command()
                flight.succeed(None)
            except CarrierError as error:
                flight.fail(error)

        self.start_task(run)
        await flight.wait()

    async def landed(self) -> None:
        """Wait until the carrier has answered the last command that flies."""
        await self.flight.known.wait()

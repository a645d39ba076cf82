"""What is made ready while it rings: ways to the services, and the sound of what is said first.

It is best effort. Who picks up at once is not kept waiting for it, and a call that is over before
it is done takes it along.
"""

from contextlib import suppress
from typing import Protocol, runtime_checkable

import trio

from voicecalld.errors import ServiceError
from voicecalld.switchboard.ending import surviving
from voicecalld.switchboard.services import Services

# Later than this the service is asked in earnest, and waits for a connection itself.
WARM_S = 5.0


@runtime_checkable
class Warmable(Protocol):
    """A service that is quicker when it was told in advance that it will be needed."""

    async def warm(self) -> None:
        """Open a connection, or whatever makes the first request quicker."""


async def prepare(services: Services, opening: str, has_stream: bool) -> None:
    """Warm what the call needs, and hold the sound of its *opening*, until cancelled."""
    # A carrier that speaks and listens itself leaves us nothing but to think.
    needed = (services.agent, *((services.synthesizer, services.transcriber) * has_stream))
    async with trio.open_nursery() as nursery:
        for service in needed:
            if isinstance(service, Warmable):
                nursery.start_soon(warm, service)
        if has_stream and opening:
            nursery.start_soon(hold, services, opening)


async def hold(services: Services, *texts: str) -> None:
    """Hold the sound of *texts* until cancelled; if that fails, it is made when it is needed."""
    with surviving("no sound is made in advance"):
        await services.sounds.hold(*texts)


async def warm(service: Warmable) -> None:
    """Tell *service* that it will be needed; if that fails, it is as if it was not told."""
    with surviving("service not warmed"), trio.move_on_after(WARM_S), suppress(ServiceError):
        await service.warm()

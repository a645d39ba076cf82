"""Whether what a call needs works, as far as is known: nobody is rung to hear nothing.

Whoever calls us is on the line already, and hears what can still be said.
"""

from typing import Protocol, runtime_checkable

from voicecalld.call.record import CallRecord, Mode
from voicecalld.switchboard.services import Services
from voicecalld.switchboard.sound_cache import cut_clauses


@runtime_checkable
class Known(Protocol):
    """A transcriber or an agent of which it is known how it is doing."""

    async def check(self) -> None:
        """Make sure that it works, or raise a `ServiceError`."""


@runtime_checkable
class KnownVoice(Protocol):
    """A synthesizer of which it is known how it is doing."""

    async def check(self, text: str) -> None:
        """Make sure that it works, if need be by trying *text*, or raise a `ServiceError`."""


async def check_services(
    services: Services, record: CallRecord, opening: str, *, has_stream: bool
) -> None:
    """Make sure that nothing is known that would keep us from talking on a call that we place.

    Raises:
        ServiceError: something that the call needs does not work now.
    """
    if record.direction == "inbound":
        return
    if record.mode is not Mode.NOTIFY:  # whoever is only told something need not be answered
        for service in (services.agent, *((services.transcriber,) * has_stream)):
            if isinstance(service, Known):
                await service.check()
    voice = services.synthesizer
    if has_stream and isinstance(voice, KnownVoice):
        clauses = cut_clauses(opening) or cut_clauses(services.settings.turn.apology)
        await voice.check("".join(clauses[:1]))

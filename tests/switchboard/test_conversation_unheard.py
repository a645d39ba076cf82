"""Whole calls over the mock carrier whose transcriber falls silent."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from trio.testing import MockClock

from tests.fakes.live_ears import LiveEars, NovaSocket
from tests.switchboard.office import open_office
from voicecalld.settings import Settings

HANGS_UP = {"hang_up": True, "when": "answered", "after_ms": 15_000}
PHONE = {"steps": [{"say": "What time do you open?"}, HANGS_UP]}


class SilentSocket(NovaSocket):
    """Takes everything and tells nothing, as a connection does that a firewall has forgotten."""

    def tell(self, text: str, *, is_final: bool, after_s: float) -> None:
        """Nothing."""


class SilentEars(LiveEars):
    """The program's live transcriber, over a service that never says anything."""

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[NovaSocket, None]:
        yield SilentSocket(self)


async def test_words_that_a_silent_transcriber_loses_are_asked_for_again(
    autojump_clock: MockClock,
) -> None:
    async with open_office(transcriber=SilentEars(), phone=PHONE) as office:
        await office.wait_over(await office.call("Hello."))

    said = [text for speaker, text, _ in office.said if speaker == "bot"]
    assert Settings().turn.repeat_prompt in said

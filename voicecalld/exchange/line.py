"""One line of the mock carrier: a call between the daemon and a telephone, from ring to end."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import trio

from voicecalld.audio.keys import render_keys
from voicecalld.exchange.line_media import LineMedia
from voicecalld.exchange.notices import CallFacts
from voicecalld.exchange.party import Party, Plan
from voicecalld.exchange.recording import Recorder
from voicecalld.exchange.trunk import Trunk
from voicecalld.exchange.wire import encode_start
from voicecalld.net.message_stream import open_memory_streams
from voicecalld.net.wheel import Wheel
from voicecalld.provider.base import Answer, ConnectStream
from voicecalld.provider.mock.webhook import MockEvent, MockReason

# What the daemon may take to finish with a stream that has been closed.
GOODBYE_S = 5.0

Course: TypeAlias = Callable[["Line", trio.Nursery], Awaitable[None]]
"""What a call does on its line from ring to end, with a nursery that outlives it a little."""


class Line:
    """A line that is up until `end`, whoever calls it; the first reason given is the reason.

    Waiting is always for the end *or* something else, never for something else alone, so that
    no webhook is cut off in the middle of the daemon's work by a hang-up.
    """

    def __init__(self, facts: CallFacts, *, trunk: Trunk, wheel: Wheel) -> None:
        self.facts = facts
        self.reason = MockReason.FAILED
        self.was_connected = False
        self.done = trio.Event()
        self._trunk = trunk
        self._wheel = wheel
        self._over = trio.Event()
        self._media: LineMedia | None = None

    @property
    def is_over(self) -> bool:
        """Whether the line has been ended."""
        return self._over.is_set()

    @property
    def is_talking(self) -> bool:
        """Whether there is somebody on the line to hear."""
        return self._media is not None

    def end(self, reason: MockReason) -> None:
        """End the line, unless it is over already."""
        if not self._over.is_set():
            self.reason = reason
            self._over.set()

    def press(self, digits: str) -> None:
        """Press keys towards the telephone, which must be talking."""
        assert self._media is not None
        self._media.hear_keys(render_keys(digits))

    async def run(self, hold: Course) -> None:
        """Let *hold* hold the call, then tell the daemon that it has ended, exactly once."""
        try:
            async with trio.open_nursery() as tasks:
                await hold(self, tasks)
                self.end(MockReason.COMPLETED)
                await self.tell(MockEvent.ENDED, self.reason)
                tasks.cancel_scope.deadline = trio.current_time() + GOODBYE_S
        finally:
            self.end(MockReason.FAILED)  # if it was cut off
            self.done.set()

    async def tell(self, event: MockEvent, reason: MockReason | None = None) -> Answer | None:
        """Deliver the webhook that tells of *event*; None if no sensible answer came."""
        return await self._trunk.tell(self.facts, event, reason)

    async def wait_until(self, at_s: float) -> None:
        """Wait for this time or for the end of the line."""
        with trio.move_on_at(at_s):
            await self._over.wait()

    async def talk(self, tasks: trio.Nursery, connect: ConnectStream, plan: Plan) -> None:
        """Connect the telephone's party and the daemon until the line ends.

        What carries and records the sound is started in *tasks* and ends soon afterwards.
        """
        answered_s = trio.current_time()
        recorder = None if plan.record is None else Recorder(plan.record)
        media = self._open_media(
            tasks, connect.token, Party(plan, answered_s=answered_s), recorder
        )
        try:
            await self.wait_until(answered_s + self.facts.max_duration_s)
            self.end(MockReason.TIMEOUT)
        finally:
            self._wheel.remove(media)
            self._media = None
            media.close()
            if recorder is not None:
                recorder.close()

    def _open_media(
        self, tasks: trio.Nursery, token: str, party: Party, recorder: Recorder | None
    ) -> LineMedia:
        near, far = open_memory_streams()
        stream_id = f"stream-{self._trunk.new_id()}"
        call = self.facts.provider_call_id
        near.send(encode_start(stream_id=stream_id, call=call, token=token))
        media = LineMedia(party, near, recorder=recorder, hang_up=self._hang_up)
        self._media = media
        self.was_connected = True
        tasks.start_soon(self._trunk.carry, far)
        tasks.start_soon(media.read)
        if recorder is not None:
            tasks.start_soon(recorder.run)
        self._wheel.add(media)
        return media

    def _hang_up(self) -> None:
        self.end(MockReason.HANGUP_USER)

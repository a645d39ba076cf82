"""A whole telephone in one process and in real time, with engines that take no time themselves.

Switchboard, mock carrier, journal on disk and voice activity are the real ones. Transcriber, agent
and synthesizer answer at once, so that what is measured is what the rest of the program takes.
"""

import gc
import tempfile
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
import trio

from tests.switchboard.office import stream_of
from voicecalld.agent.base import AgentOutput, AgentSession, Briefing, CallerTurn, SayText
from voicecalld.audio.activity import ActivityEvent, SpeechModel, VoiceActivity
from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.audio.tones import beep
from voicecalld.call.record import Mode
from voicecalld.ids import CallId, PhoneNumber
from voicecalld.mock_carrier import MockCarrier
from voicecalld.net.message_stream import MemoryStream, MessageStream
from voicecalld.net.wheel import Wheel
from voicecalld.provider.http import Reply, Webhook
from voicecalld.settings import Settings
from voicecalld.speech.base import Heard, SpeechChunk, Synthesizer, Transcription
from voicecalld.surroundings import new_id
from voicecalld.switchboard.actor import Call
from voicecalld.switchboard.journal import Journal, open_journal
from voicecalld.switchboard.registry import Switchboard
from voicecalld.switchboard.services import ModelPool, Services
from voicecalld.switchboard.tokens import StreamTokens

CALLEE = PhoneNumber("+15550100")
KEY = b"k" * 32

# How often a benchmark looks whether something has happened, where it is not what is measured.
LOOK_S = 0.005

HUM = beep(220, 1000)


def unix_clock() -> float:
    """The time of day, as the daemon has it."""
    return time.time()  # noqa: TID251 - benchmarks measure real time


class InstantVoice:
    """Knows how *sounds* sound, and hums all else; all of it comes at once."""

    def __init__(self, sounds: Mapping[str, bytes]) -> None:
        self.sounds = sounds

    async def synthesize(self, text: str) -> AsyncGenerator[SpeechChunk, None]:
        yield SpeechChunk(audio=self.sounds.get(text, HUM))


class InstantAgent:
    """Answers everything with the same words."""

    def __init__(self, answer: str) -> None:
        self.answer = answer

    @asynccontextmanager
    async def open(self, _briefing: Briefing) -> AsyncIterator[AgentSession]:
        yield self

    async def reply(self, _turn: CallerTurn) -> AsyncGenerator[AgentOutput, None]:
        yield SayText(text=self.answer)


class InstantEars:
    """Understands every utterance, as soon as it is over, as the same word."""

    tells_early = False

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Transcription]:
        yield InstantTranscription()


class InstantTranscription:
    """The work on one call."""

    def __init__(self) -> None:
        self.send, self.receive = trio.open_memory_channel[int](100)

    def feed(self, audio: bytes) -> None:
        """Nobody listens."""

    def begin(self) -> None:
        """Nothing is kept."""

    def commit(self, utterance: int) -> None:
        self.send.send_nowait(utterance)

    def discard(self) -> None:
        """Nothing was kept."""

    async def results(self) -> AsyncGenerator[Heard, None]:
        async for utterance in self.receive:
            yield Heard(utterance=utterance, text="yes")


class StampedInbox(deque[str]):
    """The inbox of one end of a media stream; notes when each message came."""

    def __init__(self, waiting: deque[str]) -> None:
        super().__init__(waiting)
        self.came: list[tuple[float, str]] = []

    def append(self, message: str) -> None:
        self.came.append((trio.current_time(), message))
        super().append(message)


def stamp(ours: MemoryStream) -> None:
    """From now on note the messages of this stream, in both directions."""
    ours.inbox = StampedInbox(ours.inbox)
    ours.peer.inbox = StampedInbox(ours.peer.inbox)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """What is known of one call from outside and from its ears; grows while the call lives."""

    to_daemon: list[tuple[float, str]]
    to_carrier: list[tuple[float, str]]
    moments: list[tuple[float, ActivityEvent]]


def tap_of(call: Call) -> Tap:
    """The tap on the stream of a connected *call*, in a lab that has them."""
    pump = stream_of(call).pump
    line, voice = pump.line, pump.voice
    assert line is not None
    assert isinstance(line.stream, MemoryStream)
    ours, theirs = line.stream.inbox, line.stream.peer.inbox
    assert isinstance(ours, StampedInbox)
    assert isinstance(theirs, StampedInbox)
    assert isinstance(voice, NotingActivity)
    return Tap(to_daemon=ours.came, to_carrier=theirs.came, moments=voice.moments)


class NotingActivity(VoiceActivity):
    """Real voice activity that notes the moment at which what it reports was true."""

    def __init__(
        self,
        model: SpeechModel,
        *,
        threshold: float,
        guarded_threshold: float,
        sustained_ms: float,
    ) -> None:
        super().__init__(
            model,
            threshold=threshold,
            guarded_threshold=guarded_threshold,
            sustained_ms=sustained_ms,
        )
        self.fed_bytes = 0
        self.moments: list[tuple[float, ActivityEvent]] = []

    def feed(self, frame: bytes) -> tuple[ActivityEvent, ...]:
        events = super().feed(frame)
        self.fed_bytes += len(frame)
        fed_s = self.fed_bytes / SAMPLE_RATE_HZ
        for event in events:
            self.moments.append((trio.current_time() - (fed_s - event.at_s), event))
        return events


class LabServices(Services):
    """The services of a daemon, with ears that take notes."""

    def build_activity(self, model: SpeechModel) -> NotingActivity:
        turn = self.settings.turn
        return NotingActivity(
            model,
            threshold=turn.voice_threshold,
            guarded_threshold=turn.voice_threshold_speaking,
            sustained_ms=turn.barge_in_speech_ms,
        )


class Exits(trio.abc.Instrument):
    """Notes when the latest task of each call ended, whichever it was."""

    def __init__(self) -> None:
        self.at_s: dict[CallId, float] = {}

    def task_exited(self, task: trio.lowlevel.Task) -> None:
        bound = task.context.run(structlog.contextvars.get_contextvars)
        if "call_id" in bound:
            self.at_s[bound["call_id"]] = trio.current_time()


class LabCarrier(MockCarrier):
    """The mock carrier, with stamps on its streams if wanted, and on its webhooks."""

    def __init__(self, settings: Settings, voice: Synthesizer, *, tapped: bool) -> None:
        super().__init__(settings, voice, unix_clock=unix_clock, new_id=new_id)
        self.tapped = tapped
        self.webhooks_s: list[float] = []

    async def deliver(self, webhook: Webhook) -> Reply:
        began_s = trio.current_time()
        reply = await super().deliver(webhook)
        self.webhooks_s.append(trio.current_time() - began_s)
        return reply

    async def accept_stream(self, stream: MessageStream) -> None:
        if self.tapped:
            assert isinstance(stream, MemoryStream)
            stamp(stream)
        await super().accept_stream(stream)


@dataclass
class Lab:
    """A running telephone."""

    switchboard: Switchboard
    carrier: LabCarrier
    journal: Journal
    exits: Exits

    async def call(self, message: str, mode: Mode, to: PhoneNumber = CALLEE) -> Call:
        """Place a call, and wait until its audio is connected."""
        call_id = await self.switchboard.place(
            to=to, message=message, mode=mode, idempotency_key=None
        )
        call = self.switchboard.find(call_id)
        assert call is not None
        await wait_until(lambda: call.machine.is_connected)
        return call

    async def calls(
        self, count: int, message: str, mode: Mode, apart_s: float = LOOK_S
    ) -> list[Call]:
        """Place *count* calls, *apart_s* after one another, and wait likewise."""
        placed: list[Call] = []

        async def place() -> None:
            placed.append(await self.call(message, mode))

        async with trio.open_nursery() as nursery:
            for _ in range(count):
                nursery.start_soon(place)
                await trio.sleep(apart_s)
        return placed

    async def wait_gone(self, call: Call) -> float:
        """Wait until nothing of *call* is left; gives the time at which its last task ended."""
        call_id = call.notes.record.call_id
        await wait_until(lambda: self.switchboard.find(call_id) is None)
        return self.exits.at_s[call_id]

    async def forget(self, call: Call) -> None:
        """Take down the carrier's half of a *call* whose end it has not seen."""
        assert call.carrier.call is not None
        rest = self.carrier.access.provider.rest
        await self.carrier.exchange.request(rest.hang_up(call.carrier.call))

    async def hang_up_all(self) -> None:
        """End all calls on both sides."""
        await self.switchboard.end_all()
        await wait_until(lambda: not self.carrier.exchange._lines)


async def wait_until(condition: Callable[[], bool]) -> None:
    """Look until *condition* holds."""
    # An event would need a change in the program that is measured.
    while not condition():  # noqa: ASYNC110 - that is what this function is for
        await trio.sleep(LOOK_S)


@asynccontextmanager
async def open_lab(
    *,
    says: Mapping[str, bytes],
    answer: str = "",
    phone: Mapping[str, Any] | None = None,
    models: ModelPool | None = None,
    tapped: bool = False,
    **settings: Any,
) -> AsyncGenerator[Lab, None]:
    """A lab in which both sides know the sound of *says*; *answer* is all that the agent says.

    The rest are *settings*; see `voicecalld.settings`.
    """
    chosen = Settings.model_validate(
        {
            "limits": {"max_concurrent_calls": 1000},
            "mock": {"answers_after_ms": 0, "phones": {CALLEE: phone or {}}},
            **settings,
        }
    )
    with tempfile.TemporaryDirectory(prefix="voicecalld-bench-") as state:
        async with open_journal(Path(state) / "journal.sqlite3") as journal:
            carrier = LabCarrier(chosen, InstantVoice(says), tapped=tapped)
            services = LabServices(
                settings=chosen,
                carriers=carrier.carriers,
                tokens=StreamTokens(KEY, unix_clock),
                journal=journal,
                wheel=Wheel(),
                synthesizer=InstantVoice(says),
                transcriber=InstantEars(),
                agent=InstantAgent(answer),
                models=models or ModelPool(),
                unix_clock=unix_clock,
            )
            lab = build_lab(services, carrier, journal)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(lab.switchboard.services.wheel.run)
                await nursery.start(lab.switchboard.run)
                await nursery.start(lab.carrier.run, lab.switchboard)
                gc.collect()
                gc.freeze()  # as the daemon does
                yield lab
                await lab.hang_up_all()
                nursery.cancel_scope.cancel()


def build_lab(services: Services, carrier: LabCarrier, journal: Journal) -> Lab:
    """The parts, put together as the daemon puts its own."""
    switchboard = Switchboard(services, new_id=new_id)
    exits = Exits()
    trio.lowlevel.add_instrument(exits)
    return Lab(switchboard=switchboard, carrier=carrier, journal=journal, exits=exits)

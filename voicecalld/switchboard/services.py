"""What a call needs of the rest of the program."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from voicecalld.agent.base import Agent
from voicecalld.audio.activity import SileroModel, SpeechModel, VoiceActivity
from voicecalld.call.machine import CallPolicy
from voicecalld.call.record import CallRecord, Entry, Mode
from voicecalld.call.turn_policy import TurnPolicy
from voicecalld.net.carrier_link import CarrierLink
from voicecalld.net.wheel import Wheel
from voicecalld.provider.base import Provider
from voicecalld.provider.http import Reply
from voicecalld.settings import Settings
from voicecalld.speech.base import Synthesizer, Transcriber
from voicecalld.switchboard.links import Links
from voicecalld.switchboard.refusals import Refusals
from voicecalld.switchboard.sound_cache import SoundCache
from voicecalld.switchboard.tokens import StreamTokens


class JournalDoor(Protocol):
    """What calls need of the journal; see `voicecalld.switchboard.journal.Journal`."""

    def post(self, entry: Entry) -> None:
        """Have *entry* written after all that were posted before; never waits."""

    def remember(self, key: str, reply: Reply, unix_s: float) -> None:
        """Have it written, after all that was posted before, that *reply* answers *key*."""

    async def recall(self, key: str, since_unix_s: float) -> Reply | None:
        """How the webhook with the replay key *key* was answered, if that was lately."""

    async def settle(self) -> None:
        """Wait until everything posted so far is on disk."""

    async def call(self, call_or_provider_id: str) -> CallRecord | None:
        """One call."""

    async def call_for_key(self, idempotency_key: str) -> CallRecord | None:
        """The call that was placed under this key."""

    async def open_calls(self) -> tuple[CallRecord, ...]:
        """The calls that are not over."""


# 2.5 MB each; so many people begin to speak at once only on a very busy daemon.
MAX_IDLE_MODELS = 8


class ModelPool:
    """Speech models for reuse: making one stops the whole program for ten milliseconds."""

    def __init__(self) -> None:
        self.idle: list[SileroModel] = [SileroModel()]

    def take(self) -> SileroModel:
        """A model that remembers nothing."""
        return self.idle.pop() if self.idle else SileroModel()

    def give_back(self, model: SileroModel) -> None:
        """Whoever took *model* needs it no more."""
        if len(self.idle) < MAX_IDLE_MODELS:
            model.rest()
            self.idle.append(model)


class BorrowedModel:
    """The speech model of one call, taken from the pool only while there is sound to judge."""

    def __init__(self, pool: ModelPool) -> None:
        self.pool = pool
        self.model: SileroModel | None = None

    def probability(self, window_pcm16k: bytes) -> float:
        """How likely it is, 0 to 1, that the window is speech."""
        if self.model is None:
            self.model = self.pool.take()
        return self.model.probability(window_pcm16k)

    def rest(self) -> None:
        """Give the model back, if there is one; the next sound gets another."""
        if self.model is not None:
            self.pool.give_back(self.model)
            self.model = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierAccess:
    """The way to one carrier: how to talk to it, over what, and which URLs it is told.

    ``refusals`` are of what came in its name and was not let in.
    """

    provider: Provider
    link: CarrierLink
    links: Links
    refusals: Refusals = field(default_factory=Refusals, compare=False)

    @property
    def name(self) -> str:
        """The carrier's name in settings, URLs and records."""
        return self.provider.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Shared by all calls; *unix_clock* gives wall time in seconds since 1970.

    ``carriers`` are those that can be used, by their names; that of the settings is among them.
    ``sounds`` is the synthesizer as calls use it: some texts it knows by heart.
    """

    settings: Settings
    carriers: Mapping[str, CarrierAccess]
    tokens: StreamTokens
    journal: JournalDoor
    wheel: Wheel
    synthesizer: Synthesizer
    transcriber: Transcriber
    agent: Agent
    models: ModelPool
    unix_clock: Callable[[], float]
    sounds: SoundCache = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sounds", SoundCache(self.synthesizer))

    @property
    def agent_name(self) -> str:
        """The agent as an operator knows it, who may have several to choose from."""
        return f"the agent ({self.settings.agent.provider})"

    @property
    def synthesizer_name(self) -> str:
        """The synthesizer as an operator knows it."""
        return f"the synthesizer ({self.settings.tts.provider})"

    @property
    def standing_texts(self) -> tuple[str, ...]:
        """What may have to be said on any call, at once; nothing if carriers speak themselves."""
        settings = self.settings
        if not any(self.uses_streams(access.provider) for access in self.carriers.values()):
            return ()
        greeting = settings.inbound_greeting if settings.inbound_policy != "disabled" else ""
        turn = settings.turn
        texts = (turn.apology, turn.failure_farewell, greeting, turn.filler)
        return tuple(text for text in texts if text)

    @property
    def carrier(self) -> CarrierAccess:
        """The carrier of calls that are placed without naming one."""
        return self.carriers[self.settings.provider]

    def uses_streams(self, provider: Provider) -> bool:
        """Whether calls are held over media streams, or by the carrier's own voice."""
        return self.settings.streaming.enabled or not provider.has_own_voice

    def build_activity(self, model: SpeechModel) -> VoiceActivity:
        """Ears for one call."""
        turn = self.settings.turn
        return VoiceActivity(
            model,
            threshold=turn.voice_threshold,
            guarded_threshold=turn.voice_threshold_speaking,
            sustained_ms=turn.barge_in_speech_ms,
        )

    def build_policy(self, mode: Mode, opening: str, *, has_stream: bool = True) -> CallPolicy:
        """The rules of one call, as the settings want them; *has_stream* says who listens."""
        settings = self.settings
        return CallPolicy(
            ring_s=settings.ring_timeout_ms / 1000,
            longest_s=settings.max_duration_seconds,
            stale_s=settings.stale_call_reaper_seconds,
            turn=build_turn_policy(
                settings,
                mode,
                opening,
                # A carrier that listens itself tells words when it takes them to be over.
                has_early_words=has_stream and self.transcriber.tells_early,
            ),
        )


def build_turn_policy(
    settings: Settings, mode: Mode, opening: str, *, has_early_words: bool
) -> TurnPolicy:
    """The rules of turns, as the settings want them."""
    turn = settings.turn
    return TurnPolicy(
        mode=mode,
        opening=opening,
        has_early_words=has_early_words,
        endpoint_silence_s=turn.endpoint_silence_ms / 1000,
        endpoint_whole_s=turn.endpoint_whole_ms / 1000,
        endpoint_dictated_s=turn.endpoint_dictated_ms / 1000,
        endpoint_trailing_s=turn.endpoint_trailing_ms / 1000,
        endpoint_longest_s=turn.endpoint_longest_ms / 1000,
        barge_in_voice_s=turn.barge_in_voice_ms / 1000,
        echo_share=turn.echo_share,
        echo_words=turn.echo_words,
        false_interruption_s=turn.false_interruption_ms / 1000,
        is_speculative=turn.speculative and has_early_words,
        is_opening_protected=turn.protect_greeting,
        filler=turn.filler,
        filler_after_s=turn.filler_after_ms / 1000,
        apology=turn.apology,
        stall_s=turn.stall_ms / 1000,
        repeat_prompt=turn.repeat_prompt,
        failure_farewell=turn.failure_farewell,
        transcript_s=turn.transcription_timeout_ms / 1000,
        silence_s=turn.silence_timeout_seconds,
        silence_prompt=turn.silence_prompt,
        notify_hangup_delay_s=settings.outbound.notify_hangup_delay_seconds,
    )

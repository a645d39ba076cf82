"""ElevenLabs' WebSocket on which several texts are spoken at once, each in its own context.

Source: elevenlabs-python (July 2026), text_to_speech.multi_stream_input.
"""

import json
import math
import re
from binascii import a2b_base64
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import trio

from voicecalld.audio.frame import SAMPLE_RATE_HZ, duration_s
from voicecalld.audio.words import SpokenWord
from voicecalld.errors import BadMessageError, HopelessServiceError, ServiceError
from voicecalld.net.websocket_client import WebSocketClient
from voicecalld.provider.json_text import parse_json
from voicecalld.speech.base import SpeechChunk
from voicecalld.speech.elevenlabs_words import TimedCharacter, WordFinder, read_alignment
from voicecalld.speech.service_sound import SoundCheck, longest_s
from voicecalld.speech.speakable import Piece

SERVICE: Final = "ElevenLabs"

# Silence of the service, while it owes us sound, that makes us give up its socket with the text:
# a connection that a firewall has forgotten takes everything and answers nothing.
SUSPICIOUS_S = 2.0

# To say its last about a context that nobody listens to: it speaks far faster than it is heard.
# What is longer in coming is not waited for, lest its place be lost.
STOP_S = 10.0

NO_WORDS: Final[tuple[SpokenWord, ...]] = ()

FAULT: Final = re.compile(r"[a-z_]{1,40}")
HOPELESS_FAULTS: Final = {
    "invalid_api_key": "check tts.elevenlabs.api_key",
    "missing_permissions": "check what tts.elevenlabs.api_key is allowed to do",
    "quota_exceeded": "the account of tts.elevenlabs.api_key has used up its quota",
    "voice_not_found": "check tts.elevenlabs.voice_id",
    "model_not_found": "check tts.elevenlabs.model_id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of the service. Without a ``context`` it is about the socket."""

    context: str
    audio: bytes
    characters: tuple[TimedCharacter, ...]
    is_final: bool
    fault: str


def read_message(message: str | bytes) -> Said:
    """What *message* says; fields that we do not know may mean anything but sound.

    Raises:
        ServiceError: it is not what ElevenLabs sends.
    """
    try:
        fields = parse_json(message)
    except BadMessageError as problem:
        raise ServiceError(f"{SERVICE} sent no JSON") from problem
    if not isinstance(fields, Mapping):
        raise ServiceError(f"{SERVICE} sent JSON that is no object")
    fault = fields.get("error")
    return Said(
        context=str(fields.get("contextId") or fields.get("context_id") or ""),
        audio=read_audio(fields.get("audio")),
        characters=read_alignment(fields.get("alignment")),
        is_final=fields.get("isFinal") is True,
        # Only names of errors: sentences may quote what was to be said.
        fault="" if not fault else fault if is_fault_name(fault) else "an error",
    )


def is_fault_name(fault: object) -> bool:
    """Whether *fault* is a name such as ``quota_exceeded``."""
    return isinstance(fault, str) and FAULT.fullmatch(fault) is not None


def read_audio(text: object) -> bytes:
    """The sound in base64 *text*; there is none in a message about something else.

    Raises:
        ServiceError: it is not base64.
    """
    if text is None:
        return b""
    try:
        return a2b_base64(str(text), strict_mode=True)
    except ValueError as problem:
        raise ServiceError(f"{SERVICE} sent sound that is not base64") from problem


def fault_of(name: str) -> ServiceError:
    """What the service's fault *name* means."""
    advice = HOPELESS_FAULTS.get(name)
    if advice is None:
        return ServiceError(f"{SERVICE} failed: {name}")
    return HopelessServiceError(f"{SERVICE} failed: {name}: {advice}")


class Context:
    """The sound of one piece of text, from the reader of the socket to whoever listens."""

    def __init__(self, name: str, piece: Piece, begin_s: float) -> None:
        self.name = name
        self.piece = piece
        self.is_over = False  # who listens gets no more
        self.is_known = False  # to the service
        self.is_done = trio.Event()  # the service counts it no more
        self.failure: ServiceError | None = None
        self.asked_at_s = trio.current_time()
        # The reader must not wait for a slow listener, as others have the same socket. What can be
        # in here is bounded by `check`.
        self.sender, self.chunks = trio.open_memory_channel[SpeechChunk](math.inf)
        self.check = SoundCheck(SERVICE, most_bytes=longest_s(piece) * SAMPLE_RATE_HZ)
        self.finder = WordFinder(piece)
        self.sound_s = begin_s
        self.words = NO_WORDS  # that wait for their sound

    def take(self, said: Said) -> None:
        """Hear what the service says of this piece."""
        try:
            if said.fault:
                raise fault_of(said.fault)
            if said.audio:
                self.take_sound(said)
            if said.is_final:
                self.put(self.check.end())
                self.finish()
        except ServiceError as failure:
            self.finish(failure)

    def take_sound(self, said: Said) -> None:
        """Pass sound on, with the words that end in it."""
        length_s = duration_s(len(said.audio))
        self.words += tuple(self.finder.words(said.characters, self.sound_s, length_s))
        self.sound_s += length_s
        self.put(self.check.feed(said.audio))

    def put(self, audio: bytes) -> None:
        """Pass *audio* on, if it is any."""
        if audio:
            self.sender.send_nowait(SpeechChunk(audio=audio, words=self.words))
            self.words = NO_WORDS

    def finish(self, failure: ServiceError | None = None) -> None:
        """Nothing will follow; the first reason counts."""
        if not self.is_over:
            self.is_over = True
            self.failure = failure
            self.sender.close()

    def check_end(self) -> None:
        """Raise the reason why the sound ended, unless it was complete."""
        if self.failure is not None:
            raise self.failure


class Line:
    """One WebSocket, and the contexts that are open on it.

    When none has been for *idle_s*, it is given up.
    """

    def __init__(self, socket: WebSocketClient, *, idle_s: float = math.inf) -> None:
        self.socket = socket
        self.idle_s = idle_s
        self.scope = trio.CancelScope(deadline=trio.current_time() + idle_s)
        self.is_closed = False
        self.contexts: dict[str, Context] = {}
        self.opened_contexts = 0
        self.heard_at_s = trio.current_time()

    @property
    def is_open(self) -> bool:
        """Whether contexts can be opened."""
        return not (self.is_closed or self.scope.cancel_called)

    async def run(self, *, task_status: trio.TaskStatus["Line"]) -> None:
        """Serve the contexts until the socket is given up, or of no use any more."""
        reason = ServiceError(f"{SERVICE} has not answered")
        try:
            with self.scope:
                task_status.started(self)
                await self.read()
        except ServiceError as problem:
            reason = problem
        finally:
            self.close(reason)

    async def read(self) -> None:
        """Bring each message to its context until cancelled.

        Raises:
            ServiceError: the socket is of no use any more.
        """
        while True:
            said = read_message(await self.socket.receive())
            self.heard_at_s = trio.current_time()
            if said.fault and not said.context:
                raise fault_of(said.fault)
            # Sound of a context that we have left still comes for a while.
            context = self.contexts.get(said.context)
            if context is None:
                continue
            if not context.is_over:
                context.take(said)
            if said.is_final or said.fault:
                self.end(context)

    def enter(self, piece: Piece, begin_s: float) -> Context:
        """A context for *piece*, whose sound begins *begin_s* after that of its text."""
        self.opened_contexts += 1
        self.scope.deadline = math.inf
        context = Context(f"t{self.opened_contexts}", piece, begin_s)
        self.contexts[context.name] = context
        return context

    async def ask(self, context: Context) -> None:
        """Have the text of *context* spoken.

        Raises:
            ServiceError: the socket is closed.
        """
        await self.send(context, text=" ")
        context.is_known = True
        await self.send(context, text=f"{context.piece.text.strip()} ", flush=True)
        # Only so does it say where the sound ends; what was flushed is spoken before.
        await self.send(context, close_context=True)

    def leave(self, context: Context) -> None:
        """Nobody listens to *context* any more; a socket that owes sound for long is given up."""
        context.finish()
        if not context.is_known:
            self.end(context)
        silent_s = trio.current_time() - max(self.heard_at_s, context.asked_at_s)
        if not context.is_done.is_set() and silent_s > SUSPICIOUS_S:
            self.close(ServiceError(f"{SERVICE} has not answered"))
            self.scope.cancel()

    async def stop(self, context: Context) -> None:
        """Have the service stop speaking *context*, and wait until it has."""
        with suppress(ServiceError), trio.move_on_after(STOP_S):
            await self.send(context, close_context=True)
            await context.is_done.wait()
        self.end(context)

    def end(self, context: Context) -> None:
        """The service has done with *context*."""
        self.contexts.pop(context.name, None)
        context.is_done.set()
        if not self.contexts:
            self.scope.deadline = trio.current_time() + self.idle_s

    async def send(self, context: Context, **fields: object) -> None:
        """Send a message about *context*."""
        await self.socket.send(json.dumps({"context_id": context.name, **fields}))

    def close(self, reason: ServiceError) -> None:
        """The socket is closed, for *reason*."""
        self.is_closed = True
        for context in list(self.contexts.values()):
            context.finish(reason)
            self.end(context)

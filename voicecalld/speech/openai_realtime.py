"""OpenAI's realtime transcription, without the socket: its present shape and the one before.

Ours is the voice activity: sound is appended while somebody speaks, and committed when he has
ended. Each commit becomes an *item*; which is whose is told by the order of the items, for their
transcripts come in any order.

Source: OpenAI's API reference, "Realtime", and its SDK.
"""

import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, Literal, TypeAlias
from urllib.parse import parse_qs, urlsplit

from voicecalld.audio.frame import SAMPLE_RATE_HZ
from voicecalld.errors import BadMessageError, HopelessServiceError, ServiceError
from voicecalld.net.service_fault import QUOTA_CODES, is_code
from voicecalld.provider.base64_text import encode_sound
from voicecalld.provider.json_text import read_text
from voicecalld.speech.dialogue import (
    MOST_CHARACTERS,
    NO_WORDS_S,
    WORDS_S,
    Message,
    brief,
    parse_object,
)

Dialect: TypeAlias = Literal["ga", "beta"]

TABLE: Final = "stt.openai"
OWN_HOST: Final = "api.openai.com"
BATCH_BYTES: Final = 40 * SAMPLE_RATE_HZ // 1000  # a message for 40 ms of sound
LEAST_COMMIT_BYTES: Final = 100 * SAMPLE_RATE_HZ // 1000  # the service refuses less
# These take a list of languages, and ignore the lone one that others take.
MANY_LANGUAGES: Final = frozenset({"gpt-live-transcribe", "gpt-transcribe"})
MOST_ITEMS: Final = 64
MOST_EVENT_IDS: Final = 256
EMPTY_COMMIT: Final = "input_audio_buffer_commit_empty"
TRANSCRIPTION: Final = "conversation.item.input_audio_transcription."


def realtime_url(url: str, model: str) -> str:
    """*url* with the model in its query, except at OpenAI itself, which refuses that."""
    parts = urlsplit(url)
    if parts.hostname == OWN_HOST or "model" in parse_qs(parts.query):
        return url
    return parts._replace(query="&".join(filter(None, (parts.query, f"model={model}")))).geturl()


def build_session(model: str, language: str, dialect: Dialect) -> dict[str, object]:
    """The message that configures a session."""
    code = language.partition("-")[0]  # the service wants "en", not "en-US"
    chosen: dict[str, object] = {"model": model}
    if code:
        chosen |= {"languages": [code]} if model in MANY_LANGUAGES else {"language": code}
    if dialect == "beta":
        session = {
            "input_audio_format": "g711_ulaw",
            "input_audio_transcription": chosen,
            "turn_detection": None,
        }
        return {"type": "transcription_session.update", "session": session}
    heard = {
        "format": {"type": "audio/pcmu"},
        "transcription": chosen,
        "noise_reduction": None,
        "turn_detection": None,
    }
    session = {"type": "transcription", "audio": {"input": heard}}
    return {"type": "session.update", "session": session}


def check_hope(error: object, *, is_ready: bool) -> None:
    """What stands in the way of one transcript, or of the session, may stand in the way of all.

    Raises:
        HopelessServiceError: *error* is of that kind.
    """
    found = (error.get("code"), error.get("type")) if isinstance(error, Mapping) else ()
    names = [name for name in found if is_code(name)]
    told = f"the transcriber reports an error: {', '.join(names)}"
    if QUOTA_CODES.intersection(names):
        raise HopelessServiceError(f"{told}: the account of {TABLE}.api_key has nothing left")
    if "beta_api_shape_disabled" in names:
        raise HopelessServiceError(f"{told}: check {TABLE}.dialect")
    if "invalid_request_error" in names and not is_ready:
        raise HopelessServiceError(f"{told}: check [{TABLE}]")


@dataclass(slots=True, kw_only=True)
class Item:
    """What the service makes of one commit."""

    deltas: str = ""
    transcript: str | None = None
    has_failed: bool = False  # there will be no transcript
    key: int | None = None
    is_past: bool = False  # what it is of was committed, or dropped


@dataclass(slots=True, kw_only=True)
class Commit:
    """A commit whose item is not known yet."""

    event_id: str
    key: int


class RealtimeDialogue:
    """One connection; see `voicecalld.speech.dialogue.Dialogue`."""

    hears_silence = False

    def __init__(self, *, model: str, language: str, dialect: Dialect) -> None:
        self.is_ready = False
        self._session = build_session(model, language, dialect)
        self._numbers: Iterator[int] = count(1)
        self._unsent = bytearray()
        self._appended_bytes = 0
        self._seen: deque[str] = deque(maxlen=MOST_EVENT_IDS)
        self._commits: deque[Commit] = deque()
        self._items: dict[str, Item] = {}
        self._next: dict[str, str] = {}  # by the item before; "": the first
        self._last = ""  # the item of the last commit whose item is known
        self._texts: dict[int, str] = {}
        self._failed: set[int] = set()  # whose commits were refused

    def open(self) -> Sequence[Message]:
        """What is to be transcribed, and how."""
        return (json.dumps(self._session),)

    def sound(self, audio: bytes) -> Sequence[Message]:
        """More sound of an utterance."""
        self._unsent += audio
        return self._flush() if len(self._unsent) >= BATCH_BYTES else ()

    def _flush(self) -> Sequence[Message]:
        if not self._unsent:
            return ()
        audio = encode_sound(bytes(self._unsent))
        self._appended_bytes += len(self._unsent)
        self._unsent.clear()
        return (json.dumps({"type": "input_audio_buffer.append", "audio": audio}),)

    def end(self, key: int) -> Sequence[Message]:
        """Commit an utterance; one too short for the service has no words."""
        if self._appended_bytes + len(self._unsent) < LEAST_COMMIT_BYTES:
            self._texts[key] = ""
            return self.drop()
        messages = self._flush()
        self._appended_bytes = 0
        event_id = f"commit-{next(self._numbers)}"
        self._commits.append(Commit(event_id=event_id, key=key))
        commit = {"type": "input_audio_buffer.commit", "event_id": event_id}
        return (*messages, json.dumps(commit))

    def drop(self) -> Sequence[Message]:
        """Have the service forget what it has not been told to transcribe."""
        self._unsent.clear()
        self._appended_bytes = 0
        for item in self._items.values():
            item.is_past = True
        return (json.dumps({"type": "input_audio_buffer.clear"}),)

    def keep_alive(self) -> Sequence[Message]:
        """Nothing: the service waits."""
        return ()

    def goodbye(self) -> Sequence[Message]:
        """Nothing: the connection's end is the session's."""
        return ()

    def receive(self, message: Message) -> None:
        """Take what the service has sent (see `Dialogue`)."""
        fields = parse_object(message)
        match fields:
            case {"type": str(), "event_id": str(event_id)} if event_id in self._seen:
                return  # it came already
            case {"type": "error", "error": dict() as error}:
                self._take_error(error)
            case {"type": "session.updated" | "transcription_session.updated"}:
                self.is_ready = True
            case {"type": "input_audio_buffer.committed", "item_id": str(item_id)} if item_id:
                self._take_committed(item_id, read_text(fields, "previous_item_id"))
            case {"type": str(kind), "item_id": str(item_id)} if kind.startswith(TRANSCRIPTION):
                self._take_words(kind.removeprefix(TRANSCRIPTION), item_id, fields)
            case {"type": str(kind)} if kind.startswith(TRANSCRIPTION) or kind in {
                "error",
                "input_audio_buffer.committed",
            }:
                raise BadMessageError(f"malformed {brief(kind)}")
            case {"type": str()}:
                pass
            case _:
                raise BadMessageError("a message without a type")
        match fields.get("event_id"):
            case str(new_id):
                self._seen.append(new_id)
            case _:
                return

    def _take_error(self, error: Mapping[object, object]) -> None:
        check_hope(error, is_ready=self.is_ready)
        code = error.get("code") or error.get("type")
        if not self.is_ready or code == "session_expired":
            raise ServiceError(f"the transcriber reports an error: {brief(code)}")
        for commit in self._refused(code, error.get("event_id")):
            self._commits.remove(commit)
            if code == EMPTY_COMMIT:
                self._texts[commit.key] = ""
            else:
                self._failed.add(commit.key)

    def _refused(self, code: object, event_id: object) -> Sequence[Commit]:
        """The commit that an error is about, if it is about one.

        Some servers do not say which; commits are answered in their order.
        """
        if event_id is None and code == EMPTY_COMMIT:
            return list(self._commits)[:1]
        return [one for one in self._commits if one.event_id == event_id]

    def _take_committed(self, item_id: str, previous_id: str) -> None:
        if item_id in self._next.values() or item_id == self._last:
            return
        # None comes before the first, and some servers never tell of any.
        before = previous_id or self._last
        if before in self._next:
            return
        self._item(item_id)
        self._next[before] = item_id
        self._link()

    def _link(self) -> None:
        """Give each commit its item, as far as their order is known."""
        while self._commits and self._last in self._next:
            self._last = self._next.pop(self._last)
            item = self._item(self._last)
            item.key, item.is_past = self._commits.popleft().key, True

    def _take_words(self, kind: str, item_id: str, fields: Mapping[object, object]) -> None:
        item = self._item(item_id)
        match kind:
            case "delta" if len(item.deltas) < MOST_CHARACTERS:
                item.deltas += read_text(fields, "delta")
            case "completed" if item.transcript is None:
                item.transcript = read_text(fields, "transcript").strip()[:MOST_CHARACTERS]
            case "failed" if item.transcript is None:
                item.transcript = item.deltas.strip() or None
                item.has_failed = True
                check_hope(fields.get("error"), is_ready=True)
            case _:
                return

    def _guess_link(self) -> None:
        """An item that others name, but that was never told of, is the one that is missing."""
        missing = self._next.keys() - self._next.values() - {self._last}
        if missing and self._last not in self._next:
            self._next[self._last] = min(missing)
            self._link()

    def _item(self, item_id: str) -> Item:
        if item_id not in self._items:
            if len(self._items) >= MOST_ITEMS:
                del self._items[next(iter(self._items))]
            self._items[item_id] = Item()
        return self._items[item_id]

    def guess(self) -> str:
        """The words of what is being said; of an item that may be another's nobody knows."""
        if self._commits:
            return ""
        said = (item.deltas for item in self._items.values() if not item.is_past)
        return " ".join(said).strip()[:MOST_CHARACTERS]

    def text(self, key: int) -> str | None:
        """The words of an utterance, once its transcript is complete."""
        if key in self._texts:
            return self._texts[key]
        return next((one.transcript for one in self._items.values() if one.key == key), None)

    def best(self, key: int) -> str:
        """Its words as far as they are known."""
        known = self.text(key)
        if known is not None:
            return known
        deltas = (one.deltas for one in self._items.values() if one.key == key)
        return next(deltas, "").strip()[:MOST_CHARACTERS]

    def is_answered(self, key: int) -> bool:
        """Whether there is a transcript of it, with words or without."""
        return self.text(key) is not None

    def patience_s(self, key: int) -> float:
        """How long to wait for the rest."""
        if key in self._failed or any(
            one.key == key and one.has_failed for one in self._items.values()
        ):
            return 0.0
        return WORDS_S if self.best(key) else NO_WORDS_S

    def forget(self, key: int) -> None:
        """Its words have been taken; its item keeps its place in the order."""
        self._texts.pop(key, None)
        self._failed.discard(key)
        if any(commit.key == key for commit in self._commits):
            self._guess_link()
        for item in self._items.values():
            if item.key == key:
                item.key = None

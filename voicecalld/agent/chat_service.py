"""A service that speaks ``/chat/completions``: one request, and its answer as it is written."""

import json
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Final

import structlog
import trio

from voicecalld.agent.chat_chunks import ChatChunk, parse_chunk
from voicecalld.errors import (
    BadMessageError,
    HopelessServiceError,
    ServiceError,
    UnreachableServiceError,
)
from voicecalld.net.service_fault import describe, refusal_error
from voicecalld.net.service_http import ServiceHttp, ServiceRequest, ServiceResponse
from voicecalld.net.sse import SseParser

# Long enough for a server that restarts a worker, short enough not to be noticed as silence.
RETRY_S = 0.25
LONGEST_RETRY_S = 2.0  # who is asked to wait for longer had better tell the caller

# Behind the end of the text there is only "[DONE]"; it is read so that the connection can be used
# again, and some servers never send it.
DONE_S = 0.3

CLOSE_S = 2.0  # the connection is closed within less, see `voicecalld.net.service_http`

MOST_ERROR_BYTES = 64 << 10

# A model that thinks writes an event of 300 bytes for every token that it thinks.
MOST_STREAM_BYTES = 32 << 20

# With these a service says that it has not begun with the request.
REFUSED_UNTOUCHED: Final = frozenset({429, 503})

NO_STREAM: Final = "the agent's service did not answer with a stream of events"

log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatPlace:
    """Where the service is, and how we are known there.

    ``base_url`` is that of the API, such as ``http://127.0.0.1:11434/v1``; ``setting`` is the
    setting of the key, which errors name.
    """

    base_url: str
    setting: str
    api_key: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    is_repeatable: bool = True
    """Whether a request may be sent again that may have been obeyed: the service keeps nothing."""
    complaints: frozenset[str] = frozenset()
    """What the service says in place of an answer, as if it were one, when it has failed."""

    @property
    def table(self) -> str:
        """The settings that lead here, by which an operator knows the service."""
        return self.setting.rpartition(".")[0]


class NoToolsError(HopelessServiceError):
    """The service, or its model, has no tools."""


class RetryableError(ServiceError):
    """The service has failed, and may obey the same request after ``pause_s``."""

    def __init__(self, message: str, *, pause_s: float) -> None:
        super().__init__(message)
        self.pause_s = pause_s


class ChatAnswer:
    """One answer: `begin` asks for it, `next_chunk` reads it, `aclose` gives up the rest."""

    def __init__(self, http: ServiceHttp, place: ChatPlace, body: Mapping[str, object]) -> None:
        self._http = http
        self._place = place
        self._body = body
        self._stack = AsyncExitStack()
        self._response: ServiceResponse | None = None
        self._parser = SseParser()
        self._chunks: list[ChatChunk] = []
        self._stream_bytes = 0
        self._is_finished = False

    async def begin(self) -> None:
        """Ask, and once more if that is safe and may help; returns when the answer begins.

        Raises:
            NoToolsError: the request was refused for its tools.
            HopelessServiceError: the service has refused the request, and would again.
            ServiceError: the service failed.
        """
        try:
            self._response = await self._ask()
        except ServiceError as error:
            if not self._may_ask_again(error):
                raise
            pause_s = error.pause_s if isinstance(error, RetryableError) else RETRY_S
            reason = str(error)
        else:
            return
        table = self._place.table
        log.info("agent's service is asked again", service=table, reason=reason, pause_s=pause_s)
        await trio.sleep(pause_s)
        self._response = await self._ask()

    async def next_chunk(self) -> ChatChunk | None:
        """The next chunk; None behind the last.

        Raises:
            ServiceError: the service failed, or broke off.
        """
        assert self._response is not None, "not begun"
        while not self._chunks:
            piece = await self._next_piece(self._response)
            if not piece:
                if not self._is_finished:
                    raise ServiceError("the agent's service broke off in the middle of its answer")
                return None
            self._feed(piece)
        chunk = self._chunks.pop(0)
        if chunk.text in self._place.complaints:
            raise ServiceError("the agent's service told of a failure instead of an answer")
        self._is_finished = self._is_finished or bool(chunk.finish) or chunk.is_last
        if chunk.is_last:
            await self._drain(self._response)
            return None
        return chunk

    async def aclose(self) -> None:
        """Close the connection, if there is more to come: so the service stops writing."""
        with trio.move_on_after(CLOSE_S, shield=True):
            await self._stack.aclose()

    def _feed(self, piece: bytes) -> None:
        self._stream_bytes += len(piece)
        if self._stream_bytes > MOST_STREAM_BYTES:
            raise ServiceError("the agent's service does not come to an end")
        try:
            events = self._parser.feed(piece)
        except BadMessageError as error:
            raise ServiceError("the agent's service sent an event without end") from error
        self._chunks += [parse_chunk(event.event, event.data) for event in events]

    async def _next_piece(self, response: ServiceResponse) -> bytes:
        """Some more bytes; none at the end, or when there is nothing more to wait for."""
        if not self._is_finished:
            return await anext(response.pieces(), b"")
        # A complete answer stays so, however its connection ends.
        with trio.move_on_after(DONE_S), suppress(ServiceError):
            return await anext(response.pieces(), b"")
        return b""

    async def _drain(self, response: ServiceResponse) -> None:
        """Read to the end of the body: only then the connection can be used again."""
        with trio.move_on_after(DONE_S), suppress(ServiceError):
            await response.rest(MOST_ERROR_BYTES)

    def _may_ask_again(self, error: ServiceError) -> bool:
        if isinstance(error, RetryableError | UnreachableServiceError):
            return True
        return self._place.is_repeatable and not isinstance(error, HopelessServiceError)

    async def _ask(self) -> ServiceResponse:
        async with AsyncExitStack() as attempt:
            response = await attempt.enter_async_context(self._http.stream(self._request()))
            if response.status != 200:
                body = await response.rest(MOST_ERROR_BYTES)
                raise self._refusal(response, body)
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind not in ("text/event-stream", ""):
                raise HopelessServiceError(NO_STREAM)
            self._stack = attempt.pop_all()
        return response

    def _request(self) -> ServiceRequest:
        bearer = {"authorization": f"Bearer {self._place.api_key}"} if self._place.api_key else {}
        return ServiceRequest(
            method="POST",
            url=completions_url(self._place.base_url),
            headers={
                "content-type": "application/json",
                "accept": "text/event-stream",
                **bearer,
                **self._place.headers,
            },
            body=json.dumps(self._body).encode(),
        )

    def _refusal(self, response: ServiceResponse, body: bytes) -> ServiceError:
        """What an answer other than 200 means."""
        status = response.status
        if "tools" in self._body and 400 <= status <= 501 and b"tool" in body.lower():
            return NoToolsError(f"the agent's model has no tools (status {status})")
        fault = describe(status, body, response.headers)
        error = refusal_error("the agent's service", fault, setting=self._place.setting)
        pause_s = max(RETRY_S, fault.retry_after_s or 0.0)
        if not fault.retryable or pause_s > LONGEST_RETRY_S:
            return HopelessServiceError(str(error))
        if status in REFUSED_UNTOUCHED or self._place.is_repeatable:
            return RetryableError(str(error), pause_s=pause_s)
        return error  # it may have been obeyed


def completions_url(base_url: str) -> str:
    """Where answers are asked for; people also write the whole of it."""
    base = base_url.rstrip("/")
    return base if base.endswith("/chat/completions") else f"{base}/chat/completions"

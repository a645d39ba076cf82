"""The servers of a carrier's customer, as the carrier reaches them."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from voicecalld.net.message_stream import MessageChannel
from voicecalld.provider.http import HttpRequest, HttpResponse


class NoAnswerError(Exception):
    """The customer's server could not be reached, or gave no whole answer."""

    def __init__(self, text: str, *, connected: bool) -> None:
        super().__init__(text)
        self.connected = connected


class RefusedStreamError(Exception):
    """The customer's server answered a media stream with an HTTP status other than 101."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP status {status}")
        self.status = status


class CustomerStream(MessageChannel, Protocol):
    """A media stream that the carrier has opened."""

    @property
    def close_code(self) -> int | None:
        """The code of the customer's Close frame; None before, 1006 if there was none."""

    @property
    def faults(self) -> list[str]:
        """What was wrong with the customer's frames."""

    async def abort(self) -> None:
        """Break the connection without a goodbye."""


class Outside(Protocol):
    """How the carrier reaches its customer."""

    async def request(self, request: HttpRequest) -> HttpResponse:
        """Send a webhook, and wait for its answer.

        Raises:
            NoAnswerError: there is none.
        """

    def open_stream(
        self, url: str, headers: Mapping[str, str]
    ) -> AbstractAsyncContextManager[CustomerStream]:
        """A media stream, which is closed at the end of the block.

        Raises:
            NoAnswerError: the server could not be reached.
            RefusedStreamError: it wants no stream.
        """

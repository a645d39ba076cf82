"""A call that is told what to do by one document after the other."""

from abc import abstractmethod
from typing import Generic, TypeVar

import trio

from tests.carriers.call import CarrierCall
from tests.carriers.callee import Callee
from tests.carriers.leg import CarrierLeg

SourceT = TypeVar("SourceT")
DocumentT = TypeVar("DocumentT")


class DocumentCall(CarrierCall, Generic[SourceT, DocumentT]):
    """`redirect` may be called from outside at any time."""

    def __init__(self, leg: CarrierLeg, callee: Callee) -> None:
        super().__init__(leg, callee)
        self._document = trio.CancelScope()
        self._redirected: SourceT | None = None

    @abstractmethod
    async def perform(self, source: SourceT, document: DocumentT | None) -> SourceT | None:
        """Perform what *source* gives, or *document* if it has been given; gives what follows."""

    def redirect(self, source: SourceT) -> None:
        """Drop the running document, and go on with another."""
        self._redirected = source
        self._document.cancel()

    async def perform_all(self, first: SourceT, document: DocumentT | None) -> None:
        """Perform one after the other, until none follows."""
        source: SourceT | None = first
        if (redirected := self._take_redirect()) is not None:
            source, document = redirected, None  # somebody was quicker
        while source is not None:
            following = None
            with trio.CancelScope() as self._document:
                following = await self.perform(source, document)
            source, document = self._take_redirect() or following, None

    def _take_redirect(self) -> SourceT | None:
        source, self._redirected = self._redirected, None
        return source

"""Something that will be known later: a value, or the error that came instead."""

from typing import Generic, TypeVar

import trio

from voicecalld.errors import VoicecallError

Value = TypeVar("Value")


class Outcome(Generic[Value]):
    """Set once, by whoever knows; waited for by any number of tasks. The first setting wins."""

    def __init__(self) -> None:
        self.known = trio.Event()
        self.values: list[Value] = []
        self.error: VoicecallError | None = None

    def succeed(self, value: Value) -> None:
        """Give *value* to all who wait."""
        if not self.known.is_set():
            self.values.append(value)
            self.known.set()

    def fail(self, error: VoicecallError) -> None:
        """Raise *error* in all who wait."""
        if not self.known.is_set():
            self.error = error
            self.known.set()

    async def wait(self) -> Value:
        """The value, as soon as it is known."""
        await self.known.wait()
        if self.error is not None:
            raise self.error
        return self.values[0]

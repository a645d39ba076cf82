"""Reading what an agent writes while what it has written before is still being said.

What has been read is known when somebody interrupts, and can be said after all if they did not
mean to. What the agent does beside speaking it takes for done when it is let go on: so it is not,
before that is done.
"""

import re
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing

import trio

from voicecalld.agent.base import AgentOutput, EndCall, SayText
from voicecalld.errors import RemoteError

# The pieces of an answer are words. So many are a minute of speech, and the agent waits then.
MOST_OUTPUTS = 200

# So much is still said of an answer that has failed, before something is done about that.
MOST_FAILED_CHARACTERS = 200

SENTENCE_END = re.compile(r"[.!?\u2026](?=\s|$)")


class ReadAhead:
    """The *outputs* of one answer: those that were read, and those still to come."""

    def __init__(self, outputs: AsyncGenerator[AgentOutput, None]) -> None:
        self.source = outputs
        self.scope = trio.CancelScope()
        self.outputs: deque[AgentOutput] = deque()
        self.error: RemoteError | None = None
        self.is_over = False
        self.changed = trio.Event()

    async def read(self) -> None:
        """Keep what the agent says, until it has ended or is cancelled."""
        with self.scope:
            try:
                async with aclosing(self.source) as outputs:
                    async for output in outputs:
                        self.outputs.append(output)
                        self.tell()
                        await self.wait_for_room()
            except RemoteError as error:
                self.error = error
                self.shorten()
        self.is_over = True
        self.tell()

    def shorten(self) -> None:
        """Keep of what is not begun no more than some sentences: the answer has failed."""
        text = self.text  # what is to be done is done before the agent goes on, and can fail
        if len(text) <= MOST_FAILED_CHARACTERS:
            return
        text = text[:MOST_FAILED_CHARACTERS]
        ends = [end.end() for end in SENTENCE_END.finditer(text)]
        self.outputs.clear()
        self.outputs.append(SayText(text=text[: ends[-1]] if ends else text))

    async def wait_for_room(self) -> None:
        """Let the agent go on when there is room, and take what it does for done when it is."""
        while len(self.outputs) >= MOST_OUTPUTS or self.is_at_deed:
            await self.changed.wait()

    @property
    def is_at_deed(self) -> bool:
        """Whether something is to be done that the agent takes for done if it goes on."""
        return bool(self.outputs) and not isinstance(self.outputs[-1], SayText)

    def tell(self) -> None:
        """Something has changed."""
        self.changed.set()
        self.changed = trio.Event()

    def take_first(self) -> AgentOutput:
        """The first of what was kept, which is kept no longer."""
        output = self.outputs.popleft()
        self.tell()
        return output

    async def answer(
        self, nursery: trio.Nursery | None = None
    ) -> AsyncGenerator[AgentOutput, None]:
        """What was kept, and what is still to come; in a task of *nursery* it is read from now on.

        Raises:
            RemoteError: the agent has failed.
        """
        try:
            if nursery is not None:
                nursery.start_soon(self.read)
            while self.outputs or not self.is_over:
                if self.is_at_deed and len(self.outputs) == 1:
                    yield self.outputs[0]
                    self.take_first()  # it is done, and the agent may know
                elif self.outputs:
                    yield self.take_first()
                else:
                    await self.changed.wait()
            if self.error is not None:
                raise self.error
        finally:
            self.scope.cancel()

    # --- what is left of it --------------------------------------------------------------

    @property
    def is_whole(self) -> bool:
        """Whether behind the text that was read no other one follows directly."""
        return self.is_at_deed or (self.is_over and self.error is None)

    @property
    def text(self) -> str:
        """What was read of the text."""
        return "".join(output.text for output in self.outputs if isinstance(output, SayText))

    @property
    def ends_call(self) -> bool:
        """Whether the call is to be ended behind that."""
        return bool(self.outputs) and isinstance(self.outputs[-1], EndCall)

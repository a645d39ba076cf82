"""What a carrier's recogniser has made out, as if we had listened ourselves.

It tells nothing before the other party has finished. But it soon gives up on somebody who does
not begin, so one that has not given up by then is listening to something.
"""

from collections.abc import Callable

import trio

from voicecalld.call.events import (
    CallEvent,
    PressedKey,
    SpeechBegan,
    SpeechStopped,
    SpeechSustained,
    Transcribed,
)
from voicecalld.provider.base import Listen
from voicecalld.switchboard.native_steps import lasts_s
from voicecalld.switchboard.native_turn import NativeTurn

# For the document to get there, and for the result to get here.
TRANSPORT_S = 2.0


class NativeEars:
    """Tells what the other party says and presses, perhaps over the words of *turn*.

    With ``is_told`` somebody calls `on_spoken` when the carrier has spoken, before it listens.
    """

    def __init__(
        self,
        turn: NativeTurn,
        listen: Listen,
        tell: Callable[[CallEvent], None],
        *,
        is_told: bool = False,
    ) -> None:
        self.turn = turn
        self.listen = listen
        self.tell = tell
        self.words = ""
        self.has_begun = False  # they, for all we can tell
        self.is_told = is_told
        self.spoken = trio.Event()
        self.patience = trio.CancelScope()

    def start(self, nursery: trio.Nursery) -> None:
        """The carrier begins to listen, after it has spoken; until `take`."""
        self.patience = trio.CancelScope()
        self.spoken = trio.Event()
        nursery.start_soon(self.attend, self.patience)

    async def attend(self, patience: trio.CancelScope) -> None:
        """Notice when we have spoken, and when the other party has begun to."""
        with patience:
            await self.wait_spoken()
            await trio.sleep(self.listen.begin_s + TRANSPORT_S)
            self.begin(TRANSPORT_S)

    async def wait_spoken(self) -> None:
        """Wait until the carrier has spoken: till it is told, or is certain without that."""
        if self.is_told:
            await self.spoken.wait()
        else:
            await trio.sleep(self.turn.left_s(trio.current_time()))
            self.turn.finish()

    def on_spoken(self) -> None:
        """The carrier has spoken, and may be listening."""
        self.turn.finish()
        self.spoken.set()

    def on_interrupted(self, words: str, spoken_s: float) -> None:
        """They have begun to speak over us, who had spoken for *spoken_s*; they go on."""
        self.begin(lasts_s(words))
        self.turn.break_off_after(spoken_s)
        self.tell(SpeechSustained(ago_s=lasts_s(words)))

    def take(self, words: str, digits: str) -> None:
        """The carrier has listened, if it was to, and this is what it has heard."""
        self.patience.cancel()
        if words or digits:
            self.take_input(words, digits)
        else:
            self.turn.finish()
        if self.has_begun:
            self.has_begun = False
            # The recogniser has waited for their end already.
            self.tell(SpeechStopped(ago_s=self.listen.end_s))

    def take_input(self, words: str, digits: str) -> None:
        """They have said or pressed something."""
        began_ago_s = self.listen.end_s + lasts_s(words)
        # Before our turn is ended: what they say comes before what is to be said next.
        self.begin(began_ago_s)
        self.turn.break_off(trio.current_time() - began_ago_s)
        self.tell(SpeechSustained(ago_s=began_ago_s))  # a noise would not have been told
        for digit in digits:
            self.tell(PressedKey(digit=digit))
        self.words = words

    def begin(self, ago_s: float) -> None:
        """They have begun, unless we know that."""
        if not self.has_begun:
            self.has_begun = True
            self.tell(SpeechBegan(ago_s=ago_s))

    def give_words(self, utterance: int) -> None:
        """Tell the words as those of *utterance*."""
        words, self.words = self.words, ""
        self.tell(Transcribed(utterance=utterance, text=words))

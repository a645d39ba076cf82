"""How long nobody may speak, and who decides what our side says next.

Rule 1: in a conversation we ask once whether the other party is still there, then give up; after
a notification we wait a fixed time, whatever they say.
Rule 2: whoever awaits their words has set a time of their own, so no silence is counted.
Rule 3: a reply that was handed over puts the call into the hands of whoever got it, until our
side begins to speak again. No silence is counted meanwhile, and what the other party goes on to
say or press is noted, but neither answered nor kept for a later question: the agent would answer
what somebody else is about to answer.
Rule 4: if the silence that is allowed has passed since that reply, and our side has not spoken,
the agent answers further words as before: nobody talks to the air because a client has gone.
(Where any silence is allowed, that time never comes.)
"""

import math

from voicecalld.call.deadlines import Deadlines
from voicecalld.call.floor import Wait
from voicecalld.call.hearing import Hearing
from voicecalld.call.prompts import Prompts
from voicecalld.call.turn_policy import TurnPolicy

# Between two keys of one number people need about a second.
KEYS_PAUSE_S = 1.5


class Patience:
    """Waits in *waits* for somebody to begin to speak, and knows who is to answer them."""

    def __init__(
        self, policy: TurnPolicy, waits: Deadlines[Wait], hearing: Hearing, prompts: Prompts
    ) -> None:
        self.policy = policy
        self.waits = waits
        self.hearing = hearing
        self.prompts = prompts
        self.has_nudged = False  # asked whether they are still there
        self.is_steered = False  # a reply was handed over; whoever got it decides what to say
        self.steered_until_s = 0.0  # as far as the agent is concerned

    def limit_silence(self, now_s: float) -> None:
        """Nobody speaks: wait for somebody to begin, but not for ever."""
        has_keys = bool(self.hearing.digits)
        if has_keys:
            self.await_keys(now_s)
        if self.prompts.awaited is not None:
            return
        if not self.policy.is_interruptible:
            self.waits.set_first(Wait.NOTIFIED, now_s + self.policy.notify_hangup_delay_s)
        elif not (has_keys or self.is_steered) and self.policy.silence_s > 0:
            self.waits.set(Wait.SILENCE, now_s + self.policy.silence_s)

    def await_keys(self, now_s: float) -> None:
        """They have pressed a key: wait for the next one of the same number."""
        self.waits.set(Wait.KEYS, now_s + KEYS_PAUSE_S)

    def take_question(self) -> str:
        """What to say to a party that has been silent for long; empty: give up."""
        if self.has_nudged:
            return ""
        self.has_nudged = True
        return self.policy.silence_prompt

    def on_their_turn(self) -> None:
        """They have said or pressed something, so they are there."""
        self.has_nudged = False

    def on_our_turn(self) -> None:
        """Our side begins to speak."""
        self.is_steered = False

    def steer(self, now_s: float) -> None:
        """Their words were handed over as a reply."""
        self.is_steered = True
        self.steered_until_s = now_s + (self.policy.silence_s or math.inf)

    def awaits_words(self, now_s: float) -> bool:
        """Whether somebody on our side is to understand what they say."""
        if self.prompts.waiting or not self.policy.is_interruptible:
            return False
        return self.prompts.awaited is not None or self.leaves_it_to_agent(now_s)

    def leaves_it_to_agent(self, now_s: float) -> bool:
        """Whether nobody but the agent is to say what our side says next."""
        if self.prompts.waiting or not self.policy.is_interruptible:
            return False
        return not self.is_steered or now_s >= self.steered_until_s

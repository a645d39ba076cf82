"""A call as a play: at a time something happens, and the call asks for something.

    play = Play(conversation())
    play.at(0.0).tell(CONNECTED).expect(Say(turn=1, text="Hello"))

Time passes only with `at`, which wakes the call at every moment that it waits for. What it asks
for then must be expected at exactly that moment; the states that it shows are kept apart.
"""

from dataclasses import replace
from typing import Self

from voicecalld.call.commands import (
    BeginUtterance,
    Command,
    CommitUtterance,
    Finish,
    NoteHeard,
    NoteWords,
    Say,
    ShowState,
)
from voicecalld.call.events import (
    CallEvent,
    Connected,
    EndReason,
    Placed,
    SpeechBegan,
    SpeechStopped,
    Transcribed,
    TurnAudible,
    TurnHeard,
    TurnQueued,
    Woke,
)
from voicecalld.call.floor import Floor
from voicecalld.call.machine import CallMachine, CallPolicy
from voicecalld.call.record import CallState, Mode
from voicecalld.call.turn_policy import TurnPolicy
from voicecalld.ids import ProviderCallId, StreamId

PLACED = Placed(provider_call_id=ProviderCallId("carrier-1"))
CONNECTED = Connected(stream_id=StreamId("stream"))

ENDPOINT_S = 0.7
TRANSCRIPT_S = 5.0
SILENCE_S = 30.0
HANG_UP_S = 3.0

# Moments are sums of floats.
NEAR_S = 1e-9


def conversation(
    opening: str = "Hello", silence_s: float = SILENCE_S, silence_prompt: str = "Still there?"
) -> CallPolicy:
    """A call that is a conversation."""
    turn = TurnPolicy(
        mode=Mode.CONVERSATION,
        opening=opening,
        endpoint_silence_s=ENDPOINT_S,
        transcript_s=TRANSCRIPT_S,
        silence_s=silence_s,
        silence_prompt=silence_prompt,
        notify_hangup_delay_s=HANG_UP_S,
    )
    return CallPolicy(ring_s=30.0, longest_s=300.0, stale_s=120.0, turn=turn)


def notification(opening: str = "The door is open") -> CallPolicy:
    """A call that delivers a message."""
    policy = conversation(opening)
    return replace(policy, turn=replace(policy.turn, mode=Mode.NOTIFY))


def finish(reason: EndReason, *, carrier_knows: bool = False, cause: str = "") -> Finish:
    """What a call that ends for *reason* asks for last."""
    return Finish(reason=reason, carrier_knows=carrier_knows, cause=cause)


class Play:
    """One call, from time 0 on."""

    def __init__(self, policy: CallPolicy) -> None:
        self.machine = CallMachine(policy, 0.0)
        self.now_s = 0.0
        self.asked: list[Command] = []
        self.states: list[CallState] = []

    def at(self, now_s: float) -> Self:
        """Let time pass until *now_s*."""
        while (wake_at_s := self.machine.wake_at_s) is not None and wake_at_s <= now_s + NEAR_S:
            assert not self.asked, f"not expected at {self.now_s}: {self.asked}"
            self.now_s = max(self.now_s, wake_at_s)
            self.tell(Woke())
        is_punctual = not self.asked or now_s - self.now_s <= NEAR_S
        assert is_punctual, f"already at {self.now_s}: {self.asked}"
        self.now_s = max(self.now_s, now_s)
        return self

    def tell(self, *events: CallEvent) -> Self:
        """Let *events* happen now."""
        for event in events:
            for command in self.machine.handle(event, self.now_s):
                self.keep(command)
        return self

    def keep(self, command: Command) -> None:
        """Remember what was asked for."""
        if isinstance(command, ShowState):
            self.states.append(command.state)
        else:
            self.asked.append(command)

    def expect(self, *commands: Command) -> Self:
        """Exactly *commands* were asked for since the last time."""
        asked, self.asked = self.asked, []
        assert asked == list(commands)
        return self

    def expect_floor(self, floor: Floor) -> None:
        """The floor is *floor* now."""
        assert self.machine.turn.floor is floor

    # --- scenes that many plays have in common ---------------------------------------

    def our_turn(self, turn: int, *, until_s: float, ends_call: bool = False) -> Self:
        """We are heard with turn *turn* from now on, until *until_s*, and no command follows."""
        lasts_s = until_s - self.now_s
        queued = TurnQueued(turn=turn, lasts_s=lasts_s, ends_call=ends_call)
        self.tell(TurnAudible(turn=turn), queued).expect()
        return self.at(until_s).tell(TurnHeard(turn=turn))

    def their_speech(self, utterance: int, *, until_s: float) -> Self:
        """They speak from now on, until *until_s*; then they are silent long enough."""
        self.tell(SpeechBegan()).expect(BeginUtterance())
        self.at(until_s).tell(SpeechStopped()).expect()
        return self.at(until_s + ENDPOINT_S).expect(CommitUtterance(utterance=utterance))

    def their_words(self, utterance: int, text: str, *commands: Command) -> Self:
        """The words of *utterance* are made out, and *commands* follow."""
        self.tell(Transcribed(utterance=utterance, text=text))
        return self.expect(NoteWords(utterance=utterance, text=text), *commands)


def listening(policy: CallPolicy | None = None) -> Play:
    """A conversation whose greeting, turn 1, was heard from 0.0 to 1.0."""
    play = Play(policy or conversation())
    play.at(0.0).tell(CONNECTED).expect(Say(turn=1, text="Hello"))
    return play.our_turn(1, until_s=1.0).expect(NoteHeard(turn=1))

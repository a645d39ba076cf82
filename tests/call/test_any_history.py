"""What holds for a call whatever happens, in whatever order, at whatever time."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.call.playbook import CONNECTED, conversation, notification
from tests.call.scenes import attentive
from voicecalld.call.commands import (
    AnswerPrompt,
    AnswerReply,
    AskAgent,
    Command,
    CommitUtterance,
    Finish,
    NoteHeard,
    NoteIgnored,
    ResumeTurn,
    Say,
    SayFiller,
    StopTurn,
)
from voicecalld.call.events import (
    Answered,
    CallEvent,
    Disconnected,
    EndReason,
    HungUp,
    Placed,
    PressedKey,
    PromptAbandoned,
    PromptRequested,
    Rang,
    Remedy,
    ServiceLost,
    SpeechBegan,
    SpeechStopped,
    SpeechSustained,
    Transcribed,
    TurnAudible,
    TurnHeard,
    TurnQueued,
    Woke,
    WordsGuessed,
)
from voicecalld.call.floor import Floor, Wait
from voicecalld.call.machine import CallMachine, CallPolicy
from voicecalld.call.record import Mode
from voicecalld.ids import ProviderCallId

HANG_UP = HungUp(reason=EndReason.HANGUP_USER)


class History:
    """One call, and all that it was told and has asked for."""

    def __init__(self, policy: CallPolicy) -> None:
        self.machine = CallMachine(policy, 0.0)
        self.now_s = 0.0
        self.asked: list[Command] = []
        self.requested: list[int] = []
        self.abandoned: set[int] = set()
        self.made: set[int] = set()  # turns of ours that are neither heard nor stopped
        self.queued: set[int] = set()  # those of them of which all sound is queued
        self.begun: list[int] = []
        self.filled: set[int] = set()
        self.audible: set[int] = set()
        self.voice = False
        self.sustained = False

    # --- what may happen -------------------------------------------------------------

    def tell(self, event: CallEvent) -> None:
        """Let *event* happen, and check what holds after every event."""
        machine = self.machine
        was_over = machine.is_over
        commands = machine.handle(event, self.now_s)
        if was_over:
            assert [type(command) for command in commands] == [NoteIgnored]
            return
        for command in commands:
            self.follow(command)
        finishes = [n for n, command in enumerate(commands) if isinstance(command, Finish)]
        assert finishes in ([], [len(commands) - 1])
        assert machine.is_over == bool(finishes)
        self.check_waits(event)

    def follow(self, command: Command) -> None:
        """Keep *command*, and know which turns are being made."""
        self.asked.append(command)
        match command:
            case Say(turn=turn) | AskAgent(turn=turn) | ResumeTurn(turn=turn):
                assert not self.made, "two turns of ours at once"
                assert turn == len(self.begun) + 1, "a turn that is over was begun again"
                self.begun.append(turn)
                self.made.add(turn)
            case SayFiller(turn=0):
                assert self.machine.turn.floor is Floor.TRANSCRIBING
            case SayFiller(turn=turn):
                assert turn in self.made, "a filler for a turn that is over"
                assert turn not in self.filled, "two fillers for one turn"
                assert turn not in self.audible, "a filler behind the answer"
                self.filled.add(turn)
            case StopTurn(turn=turn) | NoteHeard(turn=turn):
                self.made.remove(turn)
            case _:
                pass

    def check_waits(self, event: CallEvent) -> None:
        """The call always waits for something that will happen."""
        machine, turn = self.machine, self.machine.turn
        if machine.is_over:
            assert machine.wake_at_s is None
            return
        if isinstance(event, Woke) and machine.wake_at_s is not None:
            assert machine.wake_at_s > self.now_s, "woken again and again"
        if not machine.has_connected:
            return
        if turn.floor in (Floor.THINKING, Floor.AGENT):
            assert self.made == {turn.ours.number}
            is_limited = Wait.PLAYOUT in turn.waits.at_s or not machine.is_connected
            assert turn.ours.number not in self.queued or is_limited
            return
        assert not self.made
        assert Wait.PLAYOUT not in turn.waits.at_s
        if turn.floor is Floor.OPEN:
            self.check_open_floor()
        elif turn.floor is not Floor.CALLER:
            wanted = Wait.ENDPOINT if turn.floor is Floor.PAUSED else Wait.TRANSCRIPT
            assert wanted in turn.waits.at_s

    def check_open_floor(self) -> None:
        """When nobody speaks, somebody is expected to, or the call will end."""
        turn = self.machine.turn
        assert not turn.prompts.waiting
        assert turn.prompts.current is None
        is_expected = turn.prompts.awaited is not None or turn.patience.is_steered
        if turn.policy.mode is Mode.CONVERSATION:
            assert is_expected or {Wait.SILENCE, Wait.KEYS} & set(turn.waits.at_s)
        else:
            assert is_expected or Wait.NOTIFIED in turn.waits.at_s

    # --- one step, made of a number --------------------------------------------------

    def request(self, choice: int) -> CallEvent:
        self.requested.append(len(self.requested) + 1)
        number = self.requested[-1]
        return PromptRequested(prompt=number, text="Listen", expects_reply=choice % 2 == 0)

    def abandon(self, choice: int) -> CallEvent:
        number = max(1, len(self.requested) - choice % 3)
        self.abandoned.add(number)
        return PromptAbandoned(prompt=number)

    def queue(self, choice: int) -> CallEvent:
        turn = self.turn_near(choice)
        if turn in self.made:
            self.queued.add(turn)
        return TurnQueued(
            turn=turn,
            lasts_s=(choice // 4 % 4) * 1.5,
            ends_call=choice % 32 == 31,
            failed=choice % 8 == 7,
            remedy=REMEDIES[choice // 8 % 4] if choice % 8 == 7 else Remedy.NONE,
        )

    def lose_transcriber(self, choice: int) -> CallEvent:
        """Hear nothing any more; rarely, or most of a history would be about that."""
        return ServiceLost(reason="lost") if choice > 60 else Woke()

    def transcribe(self, choice: int) -> CallEvent:
        number = self.machine.turn.hearing.utterance - (choice % 3 == 2)
        return Transcribed(utterance=number, text=WORDS[choice % 8], said="we said so")

    def guess(self, choice: int) -> CallEvent:
        return WordsGuessed(text=WORDS[choice % 8], said="we said so")

    def make_audible(self, choice: int) -> CallEvent:
        turn = self.turn_near(choice)
        self.audible |= self.made & {turn}
        return TurnAudible(turn=turn)

    def turn_near(self, choice: int) -> int:
        """Mostly our latest turn, sometimes one before or after it."""
        return self.machine.turn.ours.number + (-1 if choice == 62 else choice == 63)

    def voice_changes(self, choice: int) -> CallEvent:
        """Speech begins, is sustained perhaps, and stops."""
        ago_s = choice % 4 * 0.1
        if self.voice and not self.sustained and choice % 2:
            self.sustained = True
            return SpeechSustained(ago_s=ago_s)
        self.voice, self.sustained = not self.voice, False
        return SpeechBegan(ago_s=ago_s) if self.voice else SpeechStopped(ago_s=ago_s)

    def any_voice(self, choice: int) -> CallEvent:
        return (SpeechBegan(), SpeechSustained(), SpeechStopped())[choice % 3]

    def leg_event(self, choice: int) -> CallEvent:
        rare = (HANG_UP, Placed(provider_call_id=ProviderCallId("c")), Rang(), Answered())
        frequent = (CONNECTED, Disconnected(), CONNECTED)
        return rare[choice % 4] if choice > 59 else frequent[choice % 3]


MAKERS: Final[tuple[Callable[[History, int], CallEvent], ...]] = (
    History.voice_changes,
    History.voice_changes,
    History.voice_changes,
    History.any_voice,
    History.transcribe,
    History.transcribe,
    History.request,
    History.abandon,
    History.leg_event,
    History.queue,
    History.queue,
    History.make_audible,
    History.make_audible,
    lambda history, choice: TurnHeard(turn=history.turn_near(choice)),
    lambda _history, choice: PressedKey(digit=str(choice % 10)),
    lambda _history, _choice: Woke(),
    History.guess,
    History.guess,
    History.lose_transcriber,
)
REMEDIES: Final = (Remedy.AGAIN, Remedy.NONE, Remedy.FAREWELL, Remedy.AGAIN)
# As long as a sentence, one of which more will follow, an aside, our own, and nothing.
WORDS: Final = ("words", "", "So it is.", "yeah", "words and", "", "we said so", "No.")
WAITS_S: Final = (0.0, 0.05, 0.3, 1.6)

# Two bytes a step: which kind of event; how long after the last one, and which of its kind.
STEPS = st.binary(max_size=160)


def play(policy: CallPolicy, steps: bytes) -> History:
    history = History(policy)
    if steps[:1] < b"\xf0":
        history.tell(CONNECTED)
    for kind, variant in zip(steps[::2], steps[1::2], strict=False):
        pass_time(history, WAITS_S[variant // 64], late=kind >= 128)
        history.tell(MAKERS[kind % len(MAKERS)](history, variant % 64))
    return history


def pass_time(history: History, wait_s: float, *, late: bool) -> None:
    """Let time pass; woken at every moment, or, when *late*, only at the end."""
    until_s = history.now_s + wait_s
    while (wake_at_s := history.machine.wake_at_s) is not None and wake_at_s <= until_s:
        history.now_s = until_s if late else max(history.now_s, wake_at_s)
        history.tell(Woke())
    history.now_s = until_s


def settle(history: History) -> None:
    """Let everybody do what they must: stop speaking, make the words out, say and hear a turn."""
    machine, turn = history.machine, history.machine.turn
    if not machine.is_connected:
        history.tell(CONNECTED)
    for _ in range(200):
        if machine.is_over or not (turn.prompts.waiting or turn.prompts.current):
            return
        match turn.floor:
            case Floor.CALLER:
                history.tell(SpeechStopped())
            case Floor.TRANSCRIBING:
                for utterance in sorted(turn.hearing.pending):
                    history.tell(Transcribed(utterance=utterance, text="words"))
            case Floor.THINKING:
                history.tell(TurnAudible(turn=turn.ours.number))
                history.tell(TurnQueued(turn=turn.ours.number, lasts_s=0.1))
            case Floor.AGENT:
                history.tell(SpeechStopped())
                history.tell(TurnHeard(turn=turn.ours.number))
            case Floor.OPEN | Floor.PAUSED:
                pass_time(history, 0.1, late=False)
    raise AssertionError("a prompt waits for ever")


def check_whole(history: History) -> None:
    """What holds at the end of every call."""
    settle(history)
    was_over = history.machine.is_over
    history.tell(HANG_UP)
    answered = [answer.prompt for answer in history.asked if isinstance(answer, AnswerPrompt)]
    replied = [answer.prompt for answer in history.asked if isinstance(answer, AnswerReply)]
    committed = [
        command.utterance for command in history.asked if isinstance(command, CommitUtterance)
    ]
    ignored = [command for command in history.asked if isinstance(command, NoteIgnored)]
    refused = sum(note.what == "PromptRequested" for note in ignored)
    assert sum(isinstance(command, Finish) for command in history.asked) == 1
    assert len(answered) == len(set(answered)), "a prompt was answered twice"
    assert len(replied) == len(set(replied)), "a reply was handed over twice"
    assert set(replied) <= set(answered) <= set(history.requested)
    assert committed == list(range(1, len(committed) + 1))
    unanswered = set(history.requested) - set(answered) - history.abandoned
    assert was_over or len(unanswered) <= refused


@settings(max_examples=800)
@given(steps=STEPS)
def test_a_conversation_that_fails_politely_ends_once_and_is_never_stuck(steps: bytes) -> None:
    policy = conversation()
    turn = replace(
        policy.turn, failure_farewell="Goodbye.", apology="Sorry.", repeat_prompt="Again?"
    )

    check_whole(play(replace(policy, turn=turn), steps))


@settings(max_examples=800)
@given(steps=STEPS)
def test_a_conversation_ends_once_answers_everybody_and_is_never_stuck(steps: bytes) -> None:
    history = play(conversation(), steps)

    check_whole(history)


@settings(max_examples=800)
@given(steps=STEPS)
def test_a_call_whose_words_come_early_ends_once_answers_everybody_and_is_never_stuck(
    steps: bytes,
) -> None:
    history = play(
        attentive(filler="One moment", is_opening_protected=bool(len(steps) % 2)), steps
    )

    check_whole(history)


@settings(max_examples=400)
@given(steps=STEPS)
def test_a_notification_ends_once_answers_everybody_and_is_never_stuck(steps: bytes) -> None:
    history = play(notification(), steps)

    check_whole(history)

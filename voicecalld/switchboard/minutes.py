"""Who said what when on one call, and how long the answers took; times are of the call's clock."""

from dataclasses import dataclass

from voicecalld.call.latency import Stage, TurnClock
from voicecalld.call.record import Speaker
from voicecalld.switchboard.notes import Notes
from voicecalld.switchboard.our_words import OurWords

# Utterances whose words are being made out. When so many have come after one, it had no words.
MAX_UNTRANSCRIBED = 16

BAD_MESSAGE = "malformed media message"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From when to when somebody spoke; the end may be unknown."""

    began_s: float
    ended_s: float | None = None


class Minutes:
    """Keeps track of what is being said, and writes it into the notes when it has been."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.heard = ""  # of our latest turn
        self.our_words = OurWords()
        self.audible_since_s = 0.0  # our latest turn
        self.answer: TurnClock | None = None  # the answer that is being made
        self.voice_began_s = 0.0  # theirs, the last time
        self.voice_ended_s = 0.0
        self.utterance_began_s = 0.0
        self.spans: dict[int, Span] = {}  # utterances whose words are being made out
        self.bad_messages = 0  # of the media stream that there is

    # --- theirs ----------------------------------------------------------------------

    def on_voice(self, began_s: float) -> None:
        """Their voice began."""
        self.voice_began_s = began_s

    def on_voice_over(self, ended_s: float) -> None:
        """Their voice stopped."""
        self.voice_ended_s = ended_s

    def on_utterance_begun(self) -> None:
        """Their voice begins an utterance."""
        self.utterance_began_s = self.voice_began_s

    def on_utterance_over(self, utterance: int) -> None:
        """The utterance is over, and has a number."""
        began_s, ended_s = self.utterance_began_s, self.voice_ended_s
        # Whose voice goes on has an older end, which is none of this utterance.
        self.spans[utterance] = Span(
            began_s=began_s, ended_s=ended_s if ended_s > began_s else None
        )
        self.spans.pop(utterance - MAX_UNTRANSCRIBED, None)

    def on_words(self, utterance: int, text: str, now_s: float) -> None:
        """The words of an utterance are known."""
        span = self.spans.pop(utterance, Span(began_s=now_s))
        self.notes.on_utterance(
            Speaker.USER,
            text,
            ago_s=now_s - span.began_s,
            ended_ago_s=None if span.ended_s is None else now_s - span.ended_s,
        )

    # --- ours ------------------------------------------------------------------------

    def begin_answer(self, clock: TurnClock) -> None:
        """We begin to make an answer: measure it."""
        self.answer = clock

    def measure(self, turn: int, stage: Stage, now_s: float) -> None:
        """The answer, if *turn* is one, has come to *stage*."""
        if self.answer is not None and self.answer.turn == turn:
            self.answer.note(stage, now_s)

    def on_first_frame(self, turn: int, now_s: float) -> None:
        """The first frame of *turn* is on the line."""
        self.audible_since_s = now_s
        self.measure(turn, Stage.FRAME, now_s)

    def on_mark(self, turn: int, now_s: float) -> None:
        """A mark of *turn* has come back."""
        self.measure(turn, Stage.MARK, now_s)

    def on_bad_message(self) -> None:
        """The carrier has sent something malformed; fifty a second must not fill the disk."""
        self.bad_messages += 1
        if self.bad_messages == 1:
            self.notes.on_ignored(BAD_MESSAGE)

    def on_line_over(self) -> None:
        """The media stream has ended: tell how many malformed messages there were."""
        if self.bad_messages > 1:
            self.notes.on_ignored(f"{BAD_MESSAGE}, {self.bad_messages} in all")
        self.bad_messages = 0

    def on_heard(self, text: str, now_s: float, *, interrupted: bool = False) -> None:
        """Our turn is over: this is what was heard of it."""
        self.heard = text
        self.our_words.add(text, is_cut=interrupted)
        if text:
            ago_s = now_s - self.audible_since_s
            self.notes.on_utterance(
                Speaker.BOT, text, ago_s=ago_s, ended_ago_s=0.0, interrupted=interrupted
            )
        answer, self.answer = self.answer, None
        if answer is not None:
            self.notes.on_turn(answer, now_s)

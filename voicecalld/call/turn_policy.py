"""The numbers and words that turn taking goes by."""

from dataclasses import dataclass

from voicecalld.call.record import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnPolicy:
    """What the settings say of turns; a ``silence_s`` of 0 allows any silence.

    All waits for the end of their turn count from the end of their voice. Those that go by the
    words need a transcriber that tells them while they are spoken, or soon after.
    """

    mode: Mode
    opening: str
    endpoint_silence_s: float
    transcript_s: float
    silence_s: float
    silence_prompt: str
    notify_hangup_delay_s: float

    has_early_words: bool = False
    """The transcriber tells words while they are spoken: every pause is committed at once."""

    endpoint_whole_s: float = 0.3
    """After a full stop: the 0.2 s by which a voice detector knows a pause, and 0.1 s to go on."""

    endpoint_dictated_s: float = 0.8
    """After a number or letters: people pause for half a second between the groups of one."""

    endpoint_trailing_s: float = 1.4
    """After "and" or "um" something follows, and it takes people about a second to find it."""

    endpoint_longest_s: float = 2.0
    """Never longer, whatever the words are: from 1.5 s on the other party thinks us gone."""

    barge_in_voice_s: float = 0.5
    """Voice without words that interrupts: a cough is shorter, and words are known by then."""

    echo_share: float = 0.6
    """Of the words, when they are ours: an echo is made out worse than it was said."""

    echo_words: int = 3
    """Fewer of our words may be an answer that was given over ours: "Monday"."""

    false_interruption_s: float = 2.0
    """Who has interrupted and been silent for so long, and not understood, did not mean to.

    Without early words only the transcriber's word that there was nothing counts. 0: never.
    """

    is_opening_protected: bool = False
    """The opening is said to its end, and what was said over it is answered then."""

    filler: str = ""
    """What is said when an answer is slow; empty: nothing."""

    filler_after_s: float = 1.2
    """How slow: people are used to a pause of a second, and say "hello?" after two."""

    apology: str = ""
    """What is said while their words are not made out; empty: nothing."""

    stall_s: float = 2.5
    """How long nobody may be heard until then: after three seconds people say "hello?"."""

    repeat_prompt: str = ""
    """What is said when their words were never made out; empty: nothing."""

    failure_farewell: str = ""
    """What is said before a call is ended that cannot go on; empty: nothing."""

    is_speculative: bool = False
    """The agent thinks of an answer when they have paused; see `thinking_ahead`."""

    @property
    def is_interruptible(self) -> bool:
        """A notification is said to its end: nobody on our side would listen."""
        return self.mode is Mode.CONVERSATION

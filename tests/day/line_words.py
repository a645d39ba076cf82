"""What the line has carried, both ways: the words that were truly to be heard, in order."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.day.diary import Note
from tests.day.imprint import HeardWord, read_words
from tests.day.tap import Recording
from voicecalld.audio.frame import FRAME_MS

# Who pauses for longer begins anew; a carrier's voice and ours have gaps of a frame.
PAUSE_FRAMES = 400 // FRAME_MS


@dataclass(kw_only=True)
class Stretch:
    """Words that somebody says without a pause; the last may be cut."""

    is_ours: bool
    words: list[HeardWord] = field(default_factory=list)

    @property
    def began(self) -> int:
        """The frame in which it begins."""
        return self.words[0].began

    @property
    def ended(self) -> int:
        """The frame behind it."""
        return self.words[-1].ended

    @property
    def text(self) -> str:
        """The words, without one that was cut."""
        text = " ".join(word.text for word in self.words if word.is_whole)
        return text if self.words[-1].is_whole else f"{text} \u2013".strip()


def stretches(sound: bytes, *, is_ours: bool) -> Iterator[Stretch]:
    """Everything that is said in *sound*."""
    stretch = Stretch(is_ours=is_ours)
    for word in read_words(sound):
        if stretch.words and word.began > stretch.ended + PAUSE_FRAMES:
            yield stretch
            stretch = Stretch(is_ours=is_ours)
        stretch.words.append(word)
    if stretch.words:
        yield stretch


def both_sides(recording: Recording) -> list[Stretch]:
    """What both sides have said, in the order of the beginnings."""
    ours = stretches(bytes(recording.heard), is_ours=True)
    theirs = stretches(bytes(recording.said), is_ours=False)
    return sorted([*ours, *theirs], key=lambda stretch: stretch.began)


def describe_line(recording: Recording) -> list[Note]:
    """A line for each stretch; who begins before the other has finished speaks over them."""
    notes = list[Note]()
    reached = {True: 0, False: 0}
    for stretch in both_sides(recording):
        who = "we" if stretch.is_ours else "they"
        is_over = stretch.began < reached[not stretch.is_ours]
        whom = f" (over {'them' if stretch.is_ours else 'us'})" if is_over else ""
        at_s = stretch.began * FRAME_MS / 1000
        notes.append(Note(at_s=at_s, text=f"{who}{whom}: {stretch.text}"))
        reached[stretch.is_ours] = stretch.ended
    return notes

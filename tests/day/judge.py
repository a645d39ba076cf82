"""What must hold whatever is said: nothing is left of a call, nobody waits without a reason."""

from collections import deque
from collections.abc import Container, Iterable, Iterator
from itertools import zip_longest
from typing import Final

from tests.day.conversation import Conversation
from tests.day.line_words import both_sides
from tests.day.site import Site
from tests.day.tap import Recording
from tests.day.waits import Waits
from tests.switchboard.carrier_office import UNIX_S
from voicecalld.audio.activity import WINDOW_MS
from voicecalld.audio.frame import FRAME_BYTES, FRAME_MS
from voicecalld.call.endpointing import wait_s
from voicecalld.call.record import Mode, Speaker, TurnLatency

# A voice detector knows that a voice has stopped 200 ms later, rounded up to its windows, of
# which the last may end within a frame that is to come, as may the mark that ends our turn.
NOTICED_S: Final = 0.2 + 2 * WINDOW_MS / 1000 + 0.02

FRAME_S: Final = FRAME_MS / 1000

# Sums of floats.
NEARLY_S: Final = 1e-6


def find_leftovers(site: Site) -> Iterator[str]:
    """What of a call that is over is still there."""
    switchboard = site.switchboard
    services = switchboard.services
    is_stocked = all(map(services.sounds.holds, services.standing_texts))
    left = {
        "living calls": switchboard.live_count,
        "strays being hung up": len(switchboard.leftovers.strays),
        "sessions with the agent": site.mind.open_sessions,
        "replies of the agent": site.mind.running_replies,
        "clauses being spoken": site.voice.speaking - (not is_stocked),
        "transcriptions": site.ears.open_calls,
        "borrowed speech models": site.models.borrowed,
        "members of the wheel": sum(map(len, services.wheel.slots)),
    }
    return (f"{count} {what} left" for what, count in left.items() if count)


def find_delays(site: Site, recording: Recording) -> Iterator[str]:
    """Answers that came later than any wait explains."""
    audible = tuple(find_audible(site, recording))
    answers = zip_longest(site.diary.asked, site.journal.latencies)
    for number, (asked, latency) in enumerate(answers, 1):
        if asked is None or latency is None:
            yield f"answer {number} was {'not asked for' if asked is None else 'not measured'}"
            return
        idle_s = unexplained_s(site, asked.text, latency, audible)
        if idle_s > NEARLY_S:
            yield f"answer {number} is {idle_s:.3f} s later than it need be"


def find_audible(site: Site, recording: Recording) -> Iterator[tuple[float, float]]:
    """From when to when, in seconds of Trio's clock, they heard us: no answer can come then."""
    ours = [stretch for stretch in both_sides(recording) if stretch.is_ours]
    spoken = [entry.utterance for entry in site.journal.entries if entry.utterance]
    first = next((each for each in spoken if each.speaker is Speaker.BOT), None)
    if not ours or first is None:
        return
    zero_s = first.unix_s - UNIX_S - ours[0].began * FRAME_S
    for stretch in ours:
        for word in stretch.words:
            # A line plays up to a frame late, and returns a mark in the frame behind its sound.
            yield zero_s + (word.began - 1) * FRAME_S, zero_s + (word.ended + 2) * FRAME_S


def unexplained_s(
    site: Site, text: str, latency: TurnLatency, audible: Iterable[tuple[float, float]]
) -> float:
    """How much of the time until the answer to *text* could be heard nobody can explain."""
    if latency.first_frame_s is None or latency.speech_ended_unix_s is None:
        return 0.0
    services = site.switchboard.services
    policy = services.build_policy(Mode.CONVERSATION, "").turn
    silence_s = wait_s(text, policy) if policy.has_early_words else policy.endpoint_silence_s
    ended_s = latency.speech_ended_unix_s - UNIX_S
    began_s = ended_s + latency.first_frame_s
    # No sound explains that it comes late itself.
    before = [span for span in audible if span[0] < began_s - 3 * FRAME_S]
    noticed_s = ended_s + max(silence_s, NOTICED_S)
    return Waits([*site.waits.spans, *before, (ended_s, noticed_s)]).idle_s(ended_s, began_s)


def find_silence(recording: Recording, conversation: Conversation) -> Iterator[str]:
    """The longest time in which nobody was to be heard, if it was too long."""
    spoken = [word for stretch in both_sides(recording) for word in stretch.words]
    reached, longest = 0, 0
    for word in sorted(spoken, key=lambda word: word.began):
        longest = max(longest, word.began - reached)
        reached = max(reached, word.ended)
    longest = max(longest, len(recording.heard) // FRAME_BYTES - reached)
    if longest * FRAME_S > conversation.longest_silence_s:
        yield f"nobody was heard for {longest * FRAME_S:.2f} s"


def find_lies(site: Site, recording: Recording) -> Iterator[str]:
    """What of ours we have written down and they have not heard, or the other way about."""
    written = [
        word
        for entry in site.journal.entries
        if entry.utterance is not None and entry.utterance.speaker is Speaker.BOT
        for word in entry.utterance.text.split()
    ]
    heard = [
        word.text
        for stretch in both_sides(recording)
        if stretch.is_ours
        for word in stretch.words
        if word.is_whole
    ]
    turn = site.switchboard.settings.turn
    if not is_alike(written, heard, set(f"{turn.filler} {turn.apology}".split())):
        yield f"we wrote down {' '.join(written)!r}, but they heard {' '.join(heard)!r}"
    pressed = "".join(site.journal.pressed)
    if recording.keys is not None and recording.keys != pressed:
        yield f"we wrote down the keys {pressed!r}, but they heard {recording.keys!r}"


def is_alike(written: Iterable[str], heard: Iterable[str], fillers: Container[str]) -> bool:
    """Whether the words are the same, but for *fillers*, which are never written down.

    Who says them only wants nobody to think that nobody is there.
    """
    wanted = deque(written)
    for word in heard:
        if wanted and word == wanted[0]:
            wanted.popleft()
        elif word not in fillers:
            return False
    return not wanted

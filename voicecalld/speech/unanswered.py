"""What a transcriber was given to make out, and has told nothing of: it may be dead unnoticed."""

import trio

from voicecalld.net.service_guard import ServiceGuard
from voicecalld.speech.base import Heard

# What is shorter may be a cough, of which a service need not tell anything.
SHORTEST_S = 0.8
# A live service is not waited for any longer.
LATE_S = 5.0


class Unanswered:
    """The utterances of one call that are not answered; *guard* is told of those that are late."""

    def __init__(self, guard: ServiceGuard) -> None:
        self.guard = guard
        self.begun_s: float | None = None  # what is being said
        self.committed_s: dict[int, float] = {}  # by utterance

    def begin(self) -> None:
        """They begin to speak."""
        if self.begun_s is None:
            self.begun_s = trio.current_time()

    def commit(self, utterance: int) -> None:
        """They have spoken, and the service is to make it out."""
        self.judge()
        now_s = trio.current_time()
        if self.begun_s is not None and now_s - self.begun_s >= SHORTEST_S:
            self.committed_s[utterance] = now_s
        self.begun_s = None

    def discard(self) -> None:
        """It was nothing."""
        self.begun_s = None

    def on_heard(self, heard: Heard) -> None:
        """The service has told something: of what was said before that no more is to come."""
        for utterance in [one for one in self.committed_s if one <= heard.utterance]:
            del self.committed_s[utterance]

    def forget(self) -> None:
        """The service has failed, and said so."""
        self.committed_s.clear()

    def judge(self) -> None:
        """Tell of what should have been answered by now."""
        late_s = trio.current_time() - LATE_S
        late = [one for one, committed_s in self.committed_s.items() if committed_s <= late_s]
        for utterance in late:
            del self.committed_s[utterance]
            self.guard.on_unanswered()

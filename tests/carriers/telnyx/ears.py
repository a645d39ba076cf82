"""Who of the carrier listens to a call: streams, the recogniser, and who reports keys."""

from dataclasses import dataclass, replace

import trio

from tests.carriers.line import Listener, Sounding
from tests.carriers.recogniser import InputEar, InputRules
from tests.carriers.telnyx.leg import Leg

# How long after its beginning the first words are a guess, and after its end all are certain.
INTERIM_S = 0.5
FINAL_S = 0.3
CONFIDENCE = 0.977219


class Ears:
    """All listeners of one call, as one."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def add(self, listener: Listener) -> None:
        """Let it listen as well."""
        self._listeners.append(listener)

    def remove(self, listener: Listener) -> None:
        """Let it listen no more; harmless if it does not."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def hear(self, sounding: Sounding) -> None:
        """Take 20 ms."""
        for listener in tuple(self._listeners):
            listener.hear(sounding)

    def return_mark(self, mark: str) -> None:
        """Everything before *mark* has been played, or was dropped."""
        for listener in tuple(self._listeners):
            listener.return_mark(mark)


class Unmarked:
    """A listener that sets no marks."""

    def return_mark(self, mark: str) -> None:
        """There are no marks outside of media streams."""


class KeyReporter(Unmarked):
    """Tells the customer each key."""

    def __init__(self, leg: Leg) -> None:
        self._leg = leg

    def hear(self, sounding: Sounding) -> None:
        """Take 20 ms."""
        for digit in sounding.digits:
            self._leg.report("call.dtmf.received", digit=digit)


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionTerms:
    """Whom the recogniser listens to: the other party is ``inbound``, our own voice outbound."""

    tracks: frozenset[str]
    gives_interim: bool
    names_track: bool


class Transcriber(Unmarked):
    """The recogniser, while it is switched on."""

    def __init__(self, leg: Leg) -> None:
        self.terms: TranscriptionTerms | None = None
        self._leg = leg
        self._saying = ""
        self._began_s = 0.0
        self._has_guessed = False

    def hear(self, sounding: Sounding) -> None:
        """Take 20 ms of the other party."""
        if self.terms is None or "inbound" not in self.terms.tracks:
            self._saying = ""
            return
        if sounding.words:
            self._tell(self.terms, "inbound", sounding.words, is_final=True)
        if sounding.saying and not self._saying:
            self._began_s, self._has_guessed = sounding.now_s, False
        self._saying = sounding.saying
        if self._saying and self.terms.gives_interim and not self._has_guessed:
            self._guess(self.terms, sounding.now_s)

    def _guess(self, terms: TranscriptionTerms, now_s: float) -> None:
        if now_s < self._began_s + INTERIM_S:
            return
        self._has_guessed = True
        words = self._saying.split()
        guess = " ".join(words[: (len(words) + 1) // 2])
        self._tell(terms, "inbound", guess, is_final=False)

    def hear_ourselves(self, text: str) -> None:
        """Take what the carrier's own voice has said."""
        if self.terms is not None and "outbound" in self.terms.tracks:
            self._tell(self.terms, "outbound", text, is_final=True)

    def _tell(self, terms: TranscriptionTerms, track: str, text: str, *, is_final: bool) -> None:
        data = {"transcript": text, "is_final": is_final, "confidence": CONFIDENCE}
        if terms.names_track:
            data["transcription_track"] = track
        after_s = (FINAL_S if is_final else 0.0) + self._leg.services.faults.transcripts_late_s
        self._leg.report_later(after_s, "call.transcription", transcription_data=data)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherTerms:
    """Which keys are collected, how many, and how long."""

    gather_id: str
    minimum: int
    maximum: int
    valid_digits: str
    finish_key: str
    whole_s: float
    begin_s: float
    between_s: float


class KeyGatherer:
    """Collects keys for one gather after the other; a new one cancels the one before."""

    def __init__(self, leg: Leg, ears: Ears, nursery: trio.Nursery) -> None:
        self._leg = leg
        self._ears = ears
        self._nursery = nursery
        self._stopping = trio.CancelScope()

    def start(self, terms: GatherTerms) -> None:
        """Collect from now on."""
        self.stop()
        self._stopping = trio.CancelScope()
        self._nursery.start_soon(self._gather, terms, self._stopping)

    def stop(self) -> None:
        """Collect no more; harmless if nothing is collected."""
        self._stopping.cancel()

    async def _gather(self, terms: GatherTerms, stopping: trio.CancelScope) -> None:
        ear, status = ValidKeys(terms), "call_hangup"
        self._ears.add(ear)
        try:
            with stopping, trio.move_on_after(terms.whole_s):
                await ear.done.wait()
            status = "cancelled" if stopping.cancelled_caught else ear.status()
        finally:
            self._ears.remove(ear)
            self._leg.report(
                "call.gather.ended", digits=ear.digits, status=status, gather_id=terms.gather_id
            )


class ValidKeys(InputEar):
    """Hears the valid keys only, and the one that finishes."""

    def __init__(self, terms: GatherTerms) -> None:
        rules = InputRules(
            takes_speech=False,
            takes_digits=True,
            begin_s=terms.begin_s,
            digit_end_s=terms.between_s,
            speech_end_s=0.0,
            most_digits=terms.maximum,
            finish_key=terms.finish_key,
        )
        super().__init__(rules, stop_prompts=lambda: None)
        self._terms = terms
        self.begin_waiting(trio.current_time())

    def hear(self, sounding: Sounding) -> None:
        """Take 20 ms."""
        taken = self._terms.valid_digits + self._terms.finish_key
        digits = "".join(digit for digit in sounding.digits if digit in taken)
        super().hear(replace(sounding, digits=digits))

    def status(self) -> str:
        """How the gathering has ended."""
        if len(self.digits) >= self._terms.minimum:
            return "valid"
        return "invalid" if self.digits or self.finish_key else "timeout"

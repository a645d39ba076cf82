"""What one call writes into the journal."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from voicecalld.call.events import EndReason
from voicecalld.call.latency import TurnClock, describe_stages
from voicecalld.call.record import (
    CallRecord,
    CallState,
    Entry,
    Json,
    Speaker,
    TurnLatency,
    Utterance,
)
from voicecalld.errors import JournalError
from voicecalld.ids import ProviderCallId


class Notes:
    """The record of one call and what was said on it, written down as they grow."""

    def __init__(
        self,
        record: CallRecord,
        post: Callable[[Entry], None],
        unix_clock: Callable[[], float],
    ) -> None:
        self.record = record
        self.post = post
        self.unix_clock = unix_clock

    def write(
        self,
        event: str,
        details: Mapping[str, Json] | None = None,
        *,
        utterance: Utterance | None = None,
        latency: TurnLatency | None = None,
    ) -> None:
        """Write that *event* has happened."""
        entry = Entry(
            event=event,
            unix_s=self.unix_clock(),
            record=self.record,
            details=details or {},
            utterance=utterance,
            latency=latency,
        )
        self.post(entry)

    def on_placed(self, provider_call_id: ProviderCallId) -> None:
        """The carrier has given the call a name; only the first time counts."""
        if self.record.provider_call_id is None:
            self.record = replace(self.record, provider_call_id=provider_call_id)
            self.write("call.placed")

    def on_renamed(self, provider_call_id: ProviderCallId) -> None:
        """The carrier names the call itself, which had the name of the order to place it."""
        if self.record.provider_call_id is not None:  # else it will have this name at once
            self.record = replace(self.record, provider_call_id=provider_call_id)
            self.write("call.placed")

    def on_answered(self) -> None:
        """The call was answered; only the first time counts."""
        if self.record.answered_unix_s is None:
            self.record = replace(self.record, answered_unix_s=self.unix_clock())

    def on_state(self, state: CallState) -> None:
        """The call is in another state."""
        self.record = replace(self.record, state=state)
        self.write(f"call.{state}")

    def on_ended(self, reason: EndReason, details: Mapping[str, Json] | None = None) -> None:
        """The call is over; said again, because the journal was full, it ended no later.

        Of *details*, ``cause`` or ``refused`` goes into the record as well.
        """
        record, known = self.record, details or {}
        cause = known.get("refused", known.get("cause"))
        self.record = replace(
            record,
            state=CallState(reason.value),
            ended_unix_s=record.ended_unix_s or self.unix_clock(),
            # A call that no carrier has taken must not keep the key from the next attempt.
            idempotency_key=record.idempotency_key if record.provider_call_id else None,
            end_cause=None if cause is None else str(cause),
        )
        self.write("call.ended", {"reason": reason.value, **known})

    def on_never_begun(self) -> None:
        """The call was refused because its beginning could not be written.

        The journal may still write that beginning when it can; then the call is not to stand
        there as one that lives.
        """
        with contextlib.suppress(JournalError):  # of which the beginning has told
            self.on_ended(EndReason.FAILED, {"cause": "its beginning could not be recorded"})

    def on_utterance(
        self,
        speaker: Speaker,
        text: str,
        *,
        ago_s: float,
        ended_ago_s: float | None = None,
        interrupted: bool = False,
    ) -> None:
        """Somebody said *text*, from *ago_s* before now to *ended_ago_s*, and it was heard."""
        unix_s = self.unix_clock()
        utterance = Utterance(
            speaker=speaker,
            text=text,
            unix_s=unix_s - ago_s,
            interrupted=interrupted,
            ended_unix_s=None if ended_ago_s is None else unix_s - ended_ago_s,
        )
        details: dict[str, Json] = {"speaker": speaker.value, "text": text}
        if interrupted:
            details["interrupted"] = True
        self.write("call.speech", details, utterance=utterance)

    def on_turn(self, clock: TurnClock, now_s: float) -> None:
        """An answer was heard, or cut short: this is how long it had taken."""
        latency = clock.latency(self.unix_clock(), now_s)
        details: dict[str, Json] = {"turn": latency.turn, **describe_stages(latency)}
        self.write("call.turn", details, latency=latency)

    def on_keys(self, digits: str, direction: str) -> None:
        """Keys were pressed: ``in`` by the other party, ``out`` by us."""
        self.write("call.dtmf", {"digits": digits, "direction": direction})

    def on_ignored(self, what: str) -> None:
        """Something happened that means nothing now."""
        self.write("call.ignored", {"what": what})

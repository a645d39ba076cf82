"""The carrier's end of a media stream: from its opening to its end, with its faults."""

from abc import ABC, abstractmethod
from contextlib import suppress

import trio

from tests.carriers.faults import stream_cut_s
from tests.carriers.ledger import StreamEntry
from tests.carriers.leg import CarrierLeg
from tests.carriers.line import Sounding
from tests.carriers.outside import CustomerStream
from voicecalld.errors import StreamBrokenError
from voicecalld.exchange.party import is_loud


class StreamMedia(ABC):
    """A listener, and the reader of the customer's messages."""

    unread_code = 31930
    """What the carrier's debugger says of a customer that does not read."""
    faulty_code = 31950
    """What it says of frames that a WebSocket must not have, or the carrier does not know."""
    broken_code = 31903
    """What it says of a stream that the customer breaks."""
    closed_code = 31921
    """What it says of a stream that the customer closes with another code than 1000."""

    def __init__(self, leg: CarrierLeg, socket: CustomerStream, entry: StreamEntry) -> None:
        self.entry = entry
        self.leg = leg
        self.socket = socket
        self.was_cut = False
        self.faults = leg.services.faults
        self._number = leg.services.streams_opened
        leg.services.streams_opened += 1
        leg.entry.streams.append(entry)
        leg.services.ledger.touch()

    @abstractmethod
    def begin(self) -> None:
        """Say whose sound it is."""

    @abstractmethod
    def obey(self, message: str) -> None:
        """Do what the customer says."""

    @abstractmethod
    def render_frame(self, frame: bytes) -> str:
        """The message of 20 ms of the other party's sound."""

    @abstractmethod
    def skip_frame(self) -> None:
        """Leave 20 ms out; the time goes on."""

    @abstractmethod
    def render_key(self, digit: str) -> str:
        """The message of a key that the other party has pressed."""

    @abstractmethod
    def render_mark(self, mark: str) -> str:
        """The message of a mark that comes back."""

    @abstractmethod
    def render_stop(self) -> str:
        """The last message; empty if there is none."""

    async def run(self) -> None:
        """Carry sound until the customer closes the stream."""
        await trio.sleep(self.faults.stream_late_s)
        self.begin()
        self.attach()
        with trio.move_on_after(stream_cut_s(self.faults, self._number)) as cutting:
            await self._read()
        if cutting.cancelled_caught:
            self.was_cut = True
            await self.socket.abort()

    def attach(self) -> None:
        """Listen to the line."""
        self.leg.talking.listener = self

    def detach(self) -> None:
        """Listen no more."""
        self.leg.talking.listener = None

    def stop(self) -> None:
        """Take the line off the stream, and tell the customer."""
        self.detach()
        self.leg.talking.clear()
        if message := self.render_stop():
            with suppress(StreamBrokenError):
                self.socket.send(message)
        self.entry.is_over = True

    def complain_of_end(self) -> None:
        """Tell the customer how badly it has ended the stream."""
        self.entry.close_code = self.socket.close_code
        if self.was_cut:
            return
        for fault in self.socket.faults:
            self.leg.complain(self.faulty_code, fault)
        if self.entry.close_code is None or self.entry.close_code == 1006:
            self.leg.complain(self.broken_code, "the customer has broken the stream")
        elif self.entry.close_code != 1000:
            text = f"the customer has closed with {self.entry.close_code}"
            self.leg.complain(self.closed_code, text)

    async def _read(self) -> None:
        with trio.move_on_after(self.faults.stream_stops_reading_s) as reading:
            while messages := await self.socket.receive():
                for message in messages:
                    self.entry.messages += 1
                    self.obey(message)
        if reading.cancelled_caught:
            await trio.sleep_forever()

    def hear(self, sounding: Sounding) -> None:
        """Take 20 ms from the line."""
        for digit in sounding.digits:
            self.send(self.render_key(digit))
        if self.faults.silence_skipped and not is_loud(sounding.frame):
            self.skip_frame()
            return
        self.send_frame(self.render_frame(sounding.frame))

    def play(self, sound: bytes) -> None:
        """Let the other party hear mu-law, behind all that waits."""
        self.entry.played_bytes += len(sound)
        self.leg.talking.buffer.add_sound(sound)

    def set_mark(self, mark: str) -> None:
        """Give *mark* back when everything before it has been played."""
        self.entry.marks.append(mark)
        line = self.leg.talking
        line.give_back(line.buffer.add_mark(mark))

    def clear(self) -> None:
        """Drop what has not been played; all marks come back."""
        self.entry.clears += 1
        self.leg.note("the customer clears the sound")
        self.leg.talking.clear()

    def send_frame(self, message: str) -> None:
        """Send 20 ms of sound, or keep them for a moment."""
        self.send(message)

    def return_mark(self, mark: str) -> None:
        """Everything before *mark* has been played, or was dropped."""
        self.entry.returned_marks.append(mark)
        self.leg.services.ledger.touch()
        if not self.faults.marks_lost:
            self.send(self.render_mark(mark))

    def send(self, message: str) -> None:
        """Send to the customer; what it does not take gets lost."""
        try:
            self.socket.send(message)
        except StreamBrokenError:
            # The reader finds out whether it was closed; what is not read gets lost.
            if self.socket.close_code is None and not self.was_cut:
                self.leg.complain(self.unread_code, "the customer does not read its media stream")

"""A media stream of the simulated Twilio: Connect and Stream, from its opening to its end."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import assert_never

import trio

from tests.carriers.faults import stream_cut_s
from tests.carriers.ledger import StreamEntry
from tests.carriers.line import Sounding
from tests.carriers.outside import CustomerStream, NoAnswerError, RefusedStreamError
from tests.carriers.twilio.leg import Leg
from tests.carriers.twilio.postman import sign
from tests.carriers.twilio.twiml import ConnectStream
from tests.carriers.twilio.wire import (
    BadOrderError,
    ClearAudio,
    PlayAudio,
    SetMark,
    StreamWriter,
    new_sid,
    parse_order,
    render_connected,
)
from voicecalld.errors import StreamBrokenError
from voicecalld.exchange.party import is_loud


async def run_stream(leg: Leg, verb: ConnectStream) -> None:
    """Connect the line to a media stream until the customer closes it, or somebody cancels."""
    headers = {"X-Twilio-Signature": sign(leg.services.auth_token, verb.url, {})}
    try:
        async with leg.services.outside.open_stream(verb.url, headers) as socket:
            media = StreamMedia(leg, socket, verb)
            try:
                await media.run()
            finally:
                media.stop()
        media.complain_of_end()
    except NoAnswerError as problem:
        leg.complain(31901, f"no stream: {problem}")
    except RefusedStreamError as problem:
        leg.complain(31920, f"no stream: {problem}")


class StreamMedia:
    """A listener, and the reader of the customer's messages."""

    def __init__(self, leg: Leg, socket: CustomerStream, verb: ConnectStream) -> None:
        self.entry = StreamEntry(stream_id=new_sid("MZ"), url=verb.url, parameters=verb.parameters)
        leg.entry.streams.append(self.entry)
        self._leg = leg
        self._faults = leg.services.faults
        self._number = leg.services.streams_opened
        leg.services.streams_opened += 1
        self._socket = socket
        self._verb = verb
        self._writer = StreamWriter(leg.services.account_sid, leg.sid, self.entry.stream_id)
        self._was_cut = False

    async def run(self) -> None:
        """Carry sound until the customer closes the stream."""
        await trio.sleep(self._faults.stream_late_s)
        self._send(render_connected())
        self._send(self._writer.start(self._verb.parameters))
        self._report("stream-started")
        self._leg.talking.listener = self
        with trio.move_on_after(stream_cut_s(self._faults, self._number)) as cutting:
            await self._read()
        if cutting.cancelled_caught:
            self._was_cut = True
            await self._socket.abort()

    def stop(self) -> None:
        """Take the line off the stream, and tell the customer."""
        self._leg.talking.listener = None
        self._leg.talking.clear()
        with suppress(StreamBrokenError):
            self._socket.send(self._writer.stop())
        self._report("stream-stopped")
        self.entry.is_over = True

    def complain_of_end(self) -> None:
        """Tell the customer how badly it has ended the stream."""
        self.entry.close_code = self._socket.close_code
        if self._was_cut:
            return
        for fault in self._socket.faults:
            self._leg.complain(31950, fault)
        if self.entry.close_code is None or self.entry.close_code == 1006:
            self._leg.complain(31903, "the customer has broken the stream")
        elif self.entry.close_code != 1000:
            self._leg.complain(31921, f"the customer has closed with {self.entry.close_code}")

    async def _read(self) -> None:
        with trio.move_on_after(self._faults.stream_stops_reading_s) as reading:
            while messages := await self._socket.receive():
                for message in messages:
                    self._obey(message)
        if reading.cancelled_caught:
            await trio.sleep_forever()

    def _obey(self, message: str) -> None:
        self.entry.messages += 1
        try:
            order = parse_order(message, self.entry.stream_id)
        except BadOrderError as problem:
            self._leg.complain(problem.code, str(problem))
            return
        line = self._leg.talking
        match order:
            case PlayAudio():
                self.entry.played_bytes += len(order.audio)
                line.buffer.add_sound(order.audio)
            case SetMark():
                self.entry.marks.append(order.mark)
                line.give_back(line.buffer.add_mark(order.mark))
            case ClearAudio():
                self.entry.clears += 1
                self._leg.services.ledger.note(self._leg.sid, "the customer clears the sound")
                line.clear()
            case _:
                assert_never(order)

    def hear(self, sounding: Sounding) -> None:
        """Take 20 ms from the line."""
        for digit in sounding.digits:
            self._send(self._writer.dtmf(digit))
        if self._faults.silence_skipped and not is_loud(sounding.frame):
            self._writer.skip()
            return
        self._send(self._writer.media(sounding.frame))

    def return_mark(self, mark: str) -> None:
        """Everything before *mark* has been played, or was dropped."""
        self.entry.returned_marks.append(mark)
        self._leg.services.ledger.touch()
        if not self._faults.marks_lost:
            self._send(self._writer.mark(mark))

    def _send(self, message: str) -> None:
        try:
            self._socket.send(message)
        except StreamBrokenError:
            # The reader finds out whether it was closed; what is not read gets lost.
            if self._socket.close_code is None and not self._was_cut:
                self._leg.complain(31930, "the customer does not read its media stream")

    def _report(self, event: str) -> None:
        self._leg.services.ledger.note(self._leg.sid, event)
        if not self._verb.status_url:
            return
        fields = {
            "AccountSid": self._leg.services.account_sid,
            "CallSid": self._leg.sid,
            "StreamSid": self.entry.stream_id,
            "StreamName": self.entry.stream_id,
            "StreamEvent": event,
            "Timestamp": datetime.fromtimestamp(self._leg.services.unix_clock(), UTC).isoformat(),
        }
        self._leg.postman.report("stream", self._verb.status_url, fields)

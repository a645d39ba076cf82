"""A media stream of the simulated Twilio: Connect and Stream, from its opening to its end."""

from datetime import UTC, datetime
from typing import assert_never

from tests.carriers.ledger import StreamEntry
from tests.carriers.outside import CustomerStream, NoAnswerError, RefusedStreamError
from tests.carriers.stream import StreamMedia
from tests.carriers.stream_orders import BadOrderError, ClearAudio, PlayAudio, SetMark
from tests.carriers.twilio.leg import Leg
from tests.carriers.twilio.postman import sign
from tests.carriers.twilio.twiml import ConnectStream
from tests.carriers.twilio.wire import (
    StreamWriter,
    new_sid,
    parse_order,
    render_connected,
)


async def run_stream(leg: Leg, verb: ConnectStream) -> None:
    """Connect the line to a media stream until the customer closes it, or somebody cancels."""
    headers = {"X-Twilio-Signature": sign(leg.services.secret, verb.url, {})}
    try:
        async with leg.services.outside.open_stream(verb.url, headers) as socket:
            media = TwilioMedia(leg, socket, verb)
            try:
                await media.run()
            finally:
                media.stop()
        media.complain_of_end()
    except NoAnswerError as problem:
        leg.complain(31901, f"no stream: {problem}")
    except RefusedStreamError as problem:
        leg.complain(31920, f"no stream: {problem}")


class TwilioMedia(StreamMedia):
    """A listener, and the reader of the customer's messages."""

    def __init__(self, leg: Leg, socket: CustomerStream, verb: ConnectStream) -> None:
        entry = StreamEntry(stream_id=new_sid("MZ"), url=verb.url, parameters=verb.parameters)
        super().__init__(leg, socket, entry)
        self._twilio_leg = leg
        self._verb = verb
        self._writer = StreamWriter(leg.services.account, leg.sid, entry.stream_id)

    def begin(self) -> None:
        """Say whose sound it is."""
        self.send(render_connected())
        self.send(self._writer.start(self._verb.parameters))
        self._report("stream-started")

    def stop(self) -> None:
        """Take the line off the stream, and tell the customer."""
        super().stop()
        self._report("stream-stopped")

    def obey(self, message: str) -> None:
        """Do what the customer says."""
        try:
            order = parse_order(message, self.entry.stream_id)
        except BadOrderError as problem:
            self.leg.complain(problem.code, str(problem))
            return
        match order:
            case PlayAudio():
                self.play(order.audio)
            case SetMark():
                self.set_mark(order.mark)
            case ClearAudio():
                self.clear()
            case _:
                assert_never(order)

    def render_frame(self, frame: bytes) -> str:
        """20 ms of the other party's sound."""
        return self._writer.media(frame)

    def skip_frame(self) -> None:
        """Leave 20 ms out; the time goes on."""
        self._writer.skip()

    def render_key(self, digit: str) -> str:
        """A key that the other party has pressed."""
        return self._writer.dtmf(digit)

    def render_mark(self, mark: str) -> str:
        """A mark that comes back."""
        return self._writer.mark(mark)

    def render_stop(self) -> str:
        """The last message."""
        return self._writer.stop()

    def _report(self, event: str) -> None:
        leg = self._twilio_leg
        leg.note(event)
        if not self._verb.status_url:
            return
        fields = {
            "AccountSid": leg.services.account,
            "CallSid": leg.sid,
            "StreamSid": self.entry.stream_id,
            "StreamName": self.entry.stream_id,
            "StreamEvent": event,
            "Timestamp": datetime.fromtimestamp(leg.services.unix_clock(), UTC).isoformat(),
        }
        leg.postman.report("stream", self._verb.status_url, fields)

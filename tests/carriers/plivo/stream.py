"""A media stream of the simulated Plivo: the element Stream, from its opening to its end."""

from collections.abc import Mapping
from typing import assert_never
from urllib.parse import urlsplit

import trio

from tests.carriers.ledger import StreamEntry
from tests.carriers.outside import CustomerStream, NoAnswerError, RefusedStreamError
from tests.carriers.plivo.elements import Stream, split_headers
from tests.carriers.plivo.leg import Leg, Target
from tests.carriers.plivo.sound import SoundConverter
from tests.carriers.plivo.wire import (
    PlaySound,
    SendKeys,
    StreamWriter,
    Warned,
    new_uuid,
    parse_order,
    render_number,
    render_time,
)
from tests.carriers.stream import StreamMedia
from tests.carriers.stream_orders import BadOrderError, ClearAudio, SetMark

# Plivo is said to try twice before it gives a stream up.
CONNECT_TRIES = 2
SUBPROTOCOL = "audio.plivo.com"


async def run_stream(leg: Leg, element: Stream) -> None:
    """Connect the line to a media stream until that ends, or somebody cancels."""
    for _ in range(CONNECT_TRIES):
        try:
            await run_once(leg, element)
        except NoAnswerError as problem:
            text = str(problem)
            leg.note(f"no stream: {text}")
            continue
        except RefusedStreamError as problem:
            leg.complain(Warned.STREAM_REFUSED, f"no stream: {problem}")
        return
    leg.complain(Warned.NO_STREAM, "no stream, in spite of two tries")


async def run_once(leg: Leg, element: Stream) -> None:
    """One try.

    Raises:
        NoAnswerError, RefusedStreamError: there is no stream.
    """
    headers = {**sign_upgrade(leg, element.url), "Sec-WebSocket-Protocol": SUBPROTOCOL}
    async with leg.services.outside.open_stream(element.url, headers) as socket:
        media = PlivoMedia(leg, socket, element)
        try:
            with trio.move_on_after(element.longest_s):
                await media.run()
        finally:
            media.stop()
    media.complain_of_end()


def sign_upgrade(leg: Leg, url: str) -> Mapping[str, str]:
    """The signature of the request that opens a stream: as of a GET over https."""
    return leg.signer.sign("GET", urlsplit(url)._replace(scheme="https").geturl(), {})


class PlivoMedia(StreamMedia):
    """A listener, and the reader of the customer's messages."""

    unread_code: int = Warned.STREAM_NOT_READ
    faulty_code: int = Warned.BAD_MESSAGE
    broken_code: int = Warned.STREAM_BROKEN
    closed_code: int = Warned.STREAM_CLOSED_BADLY

    def __init__(self, leg: Leg, socket: CustomerStream, element: Stream) -> None:
        entry = StreamEntry(stream_id=new_uuid(), url=element.url, parameters=element.parameters)
        super().__init__(leg, socket, entry)
        self._plivo_leg = leg
        self._element = element
        self._sound = SoundConverter(element.format)
        extra = ";".join("=".join(pair) for pair in split_headers(element.extra_headers).items())
        self._writer = StreamWriter(entry.stream_id, extra or "{}", leg.services.unix_clock)
        self._clearing = False

    def begin(self) -> None:
        """Say whose sound it is."""
        account = self._plivo_leg.services.account
        self.send(self._writer.start(account, self._plivo_leg.uuid, self._element.format))
        self._report("StartStream")

    def stop(self) -> None:
        """Take the line off the stream; the customer only sees that it is closed."""
        super().stop()
        is_lost = self.was_cut or self.socket.close_code == 1006
        self._report("DroppedStream" if is_lost else "StopStream")

    def obey(self, message: str) -> None:
        """Do what the customer says."""
        try:
            order = parse_order(message, self.entry.stream_id)
            match order:
                case PlaySound():
                    self._play(order)
                case SetMark():
                    self.set_mark(order.mark)
                case ClearAudio():
                    self.clear()
                case SendKeys():
                    self.leg.talking.press(order.digits)
                case _:
                    assert_never(order)
        except BadOrderError as problem:
            self.leg.complain(problem.code, str(problem))

    def _play(self, order: PlaySound) -> None:
        if not self._element.is_bidirectional:
            raise BadOrderError(Warned.NOT_HEARD, "the stream is not bidirectional")
        if order.format != self._element.format:
            text = f"{order.format} is played on a stream of {self._element.format}"
            raise BadOrderError(Warned.NOT_HEARD, text)
        self.play(self._sound.to_line(order.payload))

    def clear(self) -> None:
        """Drop what has not been played; no checkpoint in it is ever confirmed."""
        self._clearing = True
        super().clear()
        self._clearing = False
        self.send(self._writer.cleared())
        self._report("ClearedAudio")

    def return_mark(self, mark: str) -> None:
        """Everything before *mark* has been played; or it was dropped, which nobody is told."""
        if self._clearing:
            return
        super().return_mark(mark)
        self._report("PlayedStream", mark)

    def render_frame(self, frame: bytes) -> str:
        """20 ms of the other party's sound."""
        return self._writer.media(self._sound.from_line(frame))

    def skip_frame(self) -> None:
        """Leave 20 ms out; the time goes on."""
        self._writer.skip()

    def render_key(self, digit: str) -> str:
        """A key that the other party has pressed."""
        return self._writer.dtmf(digit)

    def render_mark(self, mark: str) -> str:
        """A checkpoint that has been reached."""
        return self._writer.played(mark)

    def render_stop(self) -> str:
        """There is no last message."""
        return ""

    def _report(self, event: str, name: str = "") -> None:
        leg = self._plivo_leg
        leg.note(event)
        fields = {
            "Event": event,
            "StreamID": self.entry.stream_id,
            "ServiceURL": self._element.url,
            "CallUUID": leg.uuid,
            "From": render_number(leg.entry.from_),
            "To": render_number(leg.entry.to),
            "Timestamp": render_time(leg.services.unix_clock()),
            **({"Name": name} if name else {}),
        }
        target = Target(url=self._element.status_url, method=self._element.status_method)
        leg.report("stream", target, fields)

"""Messages of a media stream of Plivo's, made by hand."""

import json
from typing import Any

from voicecalld.ids import ProviderCallId, StreamId
from voicecalld.provider.plivo.media import PlivoCodec
from voicecalld.provider.stream import StreamOpened

STREAM = StreamId("b77e037d-4119-44b5-902d-25826b654539")
OTHER = StreamId("00000000-4119-44b5-902d-25826b654539")
CALL = ProviderCallId("b7c1e2d4-60f1-11ef-9a55-0242ac110003")
PROOF = "t"
EXTRA = "{}"
INSIDE: dict[str, Any] = {
    "callId": CALL,
    "streamId": STREAM,
    "accountId": "MA000000000000000000",
    "tracks": ["inbound"],
    "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000},
}
START: dict[str, Any] = {
    "sequenceNumber": 1,
    "event": "start",
    "start": INSIDE,
    "extra_headers": EXTRA,
}
OPENED = StreamOpened(stream_id=STREAM, provider_call_id=CALL, token=PROOF)
FULL = {"track": "inbound", "timestamp": "1767225600020", "chunk": 1, "payload": "fwA="}
MEDIA: dict[str, Any] = {
    "sequenceNumber": 2,
    "streamId": STREAM,
    "event": "media",
    "media": FULL,
    "extra_headers": EXTRA,
}
# The order that is documented, and two that are not.
ORDERS = [
    MEDIA,
    {"event": "media", "sequenceNumber": 2, "streamId": STREAM, "media": FULL},
    {"extra_headers": EXTRA, "media": FULL, "event": "media", "streamId": STREAM},
]
SHORT = (",", ":")


def open_codec(start: dict[str, Any] = START) -> PlivoCodec:
    codec = PlivoCodec(PROOF)
    codec.decode(json.dumps(start))
    return codec

"""Messages of a media stream of Telnyx."""

import json
from typing import Any

from voicecalld.ids import ProviderCallId, StreamId
from voicecalld.provider.telnyx.media import TelnyxCodec

STREAM = StreamId("5c0de7a1-2f3b-4d6e-8a90-1b2c3d4e5f60")
OTHER = StreamId("00000000-2f3b-4d6e-8a90-1b2c3d4e5f60")
CALL = ProviderCallId("v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw2axZ_IiE4pqg")
PROOF = "t"
FORMAT = {"encoding": "PCMU", "sample_rate": 8000, "channels": 1}
INSIDE: dict[str, Any] = {
    "call_control_id": CALL,
    "custom_parameters": {"token": PROOF},
    "media_format": FORMAT,
}
START: dict[str, Any] = {
    "event": "start",
    "sequence_number": "1",
    "stream_id": STREAM,
    "start": INSIDE,
}
FULL = {"track": "inbound", "chunk": "1", "timestamp": "20", "payload": "fwA="}
MEDIA: dict[str, Any] = {
    "event": "media",
    "sequence_number": "2",
    "stream_id": STREAM,
    "media": FULL,
}
SHORT = (",", ":")


def open_codec() -> TelnyxCodec:
    codec = TelnyxCodec()
    codec.decode(json.dumps(START))
    return codec

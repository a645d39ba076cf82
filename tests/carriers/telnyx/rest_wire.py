"""Reads requests to Telnyx's REST API, as strictly as its documentation."""

import base64
import binascii
import json
import re
import uuid
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from tests.carriers.telnyx.ears import GatherTerms, TranscriptionTerms
from tests.carriers.telnyx.leg import Leg, Order, StreamTerms
from tests.carriers.telnyx.parameters import KNOWN
from tests.carriers.telnyx.refusal import RefusedError, bad_value
from tests.carriers.telnyx.wire import render_time

NUMBER = re.compile(r"\+[1-9][0-9]{1,14}")
DIGITS = re.compile(r"[0-9A-D*#wW]+")
DETECTIONS = frozenset(
    {"disabled", "detect", "detect_beep", "detect_words", "greeting_end", "premium"}
)
ENGINES = frozenset(
    {"Google", "Telnyx", "Deepgram", "Azure", "xAI", "AssemblyAI", "Speechmatics", "Soniox"}
    | {"Parakeet", "Humain", "Reson8", "Cohere", "A", "B"}
)
LONGEST_TEXT = 3000
LONGEST_TOKEN = 4000


class Fields:
    """The JSON object of a request.

    Raises:
        RefusedError: as Telnyx would, if a field is not what it must be.
    """

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.content = content

    def text(self, name: str, default: str | None = None, *, longest: int = 4096) -> str:
        """A text; without a default it must be there."""
        value = self.content.get(name, default)
        if not isinstance(value, str) or len(value) > longest or (default is None and not value):
            raise bad_value(name, f"it must be a text of at most {longest} characters")
        return value

    def choice(self, name: str, options: Collection[str], default: str | None = None) -> str:
        """One of *options*."""
        value = self.text(name, default)
        if value not in options:
            raise bad_value(name, f"it must be one of {sorted(options)}")
        return value

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number."""
        value = self.content.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise bad_value(name, f"it must be a whole number from {least} to {most}")
        return value

    def flag(self, name: str) -> bool:
        """True or false; false by default."""
        value = self.content.get(name, False)
        if not isinstance(value, bool):
            raise bad_value(name, "it must be true or false")
        return value

    def inner(self, name: str) -> "Fields":
        """An object; empty by default."""
        value = self.content.get(name, {})
        if not isinstance(value, dict):
            raise bad_value(name, "it must be an object")
        return Fields(value)

    def number(self, name: str) -> str:
        """A telephone number, without digits to be pressed behind it."""
        value = self.text(name)
        if NUMBER.fullmatch(value) is None:
            detail = "The number must be in E.164 format"
            raise RefusedError(422, 10016, "Invalid phone number", detail, pointer=f"/{name}")
        return value

    def url(self, name: str, schemes: Collection[str], default: str | None = None) -> str:
        """A URL."""
        value = self.text(name, default)
        url = urlsplit(value)
        if value and (url.scheme not in schemes or not url.hostname):
            raise bad_value(name, f"it must be a URL of {sorted(schemes)}")
        return value

    def client_state(self) -> str | None:
        """What every later event shall show, if it is given."""
        value = self.content.get("client_state")
        try:
            if value is not None:
                base64.b64decode(str(value).encode("ascii"), validate=True)
        except (binascii.Error, ValueError) as problem:
            raise bad_value("client_state", "it must be base64") from problem
        return value


def parse_body(body: bytes) -> Fields:
    """The JSON of a request.

    Raises:
        RefusedError: there is none.
    """
    try:
        content = json.loads(body or b"{}")
    except ValueError as problem:
        raise RefusedError(400, 10015, "Bad Request", "The body is no JSON.") from problem
    if not isinstance(content, dict):
        raise RefusedError(400, 10015, "Bad Request", "The body is no object.")
    return Fields(content)


def name_mistakes(command: str, fields: Fields) -> list[str]:
    """What Telnyx takes in silence, although it cannot be meant."""
    unknown = sorted(fields.content.keys() - KNOWN[command])
    return [f"{command} has no parameter {name}" for name in unknown]


def parse_order(fields: Fields, connection_id: str, webhook_url: str) -> Order:
    """Read what a new call shall be; *webhook_url* is what the connection has configured."""
    if fields.text("connection_id") != connection_id:
        raise bad_value("connection_id", "there is no such connection")
    if fields.choice("webhook_url_method", {"POST", "GET"}, "POST") != "POST":
        raise bad_value("webhook_url_method", "this simulator has POST only")
    digits = fields.text("send_digits_on_answer", "", longest=64)
    if digits and DIGITS.fullmatch(digits) is None:
        raise bad_value("send_digits_on_answer", "these are no digits")
    return Order(
        from_=fields.number("from"),
        to=fields.number("to"),
        webhook_url=fields.url("webhook_url", {"http", "https"}, "") or webhook_url,
        client_state=fields.client_state(),
        ring_s=fields.whole("timeout_secs", 30, 5, 600),
        limit_s=fields.whole("time_limit_secs", 14_400, 30, 14_400),
        send_digits=digits,
        detection=fields.choice("answering_machine_detection", DETECTIONS, "disabled"),
        stream=parse_stream(fields) if "stream_url" in fields.content else None,
    )


def parse_stream(fields: Fields) -> StreamTerms:
    """Read what a media stream shall be."""
    fields.choice("stream_codec", {"PCMU", "default"}, "default")
    fields.choice("stream_bidirectional_codec", {"PCMU"}, "PCMU")
    fields.choice("stream_bidirectional_target_legs", {"self", "opposite", "both"}, "opposite")
    fields.whole("stream_bidirectional_sampling_rate", 8000, 8000, 8000)
    return StreamTerms(
        url=fields.url("stream_url", {"ws", "wss"}),
        track=fields.choice("stream_track", {"inbound_track"}, "inbound_track"),
        is_rtp=fields.choice("stream_bidirectional_mode", {"mp3", "rtp"}, "mp3") == "rtp",
        auth_token=fields.text("stream_auth_token", "", longest=LONGEST_TOKEN),
        parameters=parse_parameters(fields),
    )


def parse_parameters(fields: Fields) -> Mapping[str, str]:
    """Names and values that the start of a stream shall show."""
    found = fields.content.get("custom_parameters", [])
    match found:
        case list() if all(isinstance(item, dict) for item in found):
            items = [Fields(item) for item in found]
            return {item.text("name"): item.text("value") for item in items}
        case _:
            raise bad_value("custom_parameters", "it must be a list of names and values")


def parse_speech(fields: Fields) -> str:
    """Read what shall be said."""
    voice = fields.text("voice")
    is_basic = fields.choice("service_level", {"basic", "premium"}, "premium") == "basic"
    if voice in {"male", "female"} and not is_basic:
        raise bad_value("voice", "male and female are of the service level basic only")
    fields.choice("payload_type", {"text"}, "text")
    return fields.text("payload", longest=LONGEST_TEXT)


def parse_digits(fields: Fields) -> str:
    """Read which keys shall be pressed."""
    fields.whole("duration_millis", 250, 100, 500)
    digits = fields.text("digits")
    if DIGITS.fullmatch(digits) is None:
        raise bad_value("digits", "these are no digits")
    return digits


def parse_transcription(fields: Fields) -> TranscriptionTerms:
    """Read whom the recogniser shall listen to."""
    engine = fields.choice("transcription_engine", ENGINES, "Google")
    tracks = fields.choice("transcription_tracks", {"inbound", "outbound", "both"}, "inbound")
    config = fields.inner("transcription_engine_config")
    if config.text("transcription_engine", engine) != engine:
        raise bad_value("transcription_engine_config", "it is of another engine")
    return TranscriptionTerms(
        tracks=frozenset({"inbound", "outbound"} if tracks == "both" else {tracks}),
        gives_interim=config.flag("interim_results"),
        names_track=engine in {"B", "Telnyx"},
    )


def parse_gather(fields: Fields) -> GatherTerms:
    """Read which keys shall be collected."""
    return GatherTerms(
        gather_id=fields.text("gather_id", str(uuid.uuid4()), longest=40),
        minimum=fields.whole("minimum_digits", 1, 1, 128),
        maximum=fields.whole("maximum_digits", 128, 1, 128),
        valid_digits=fields.text("valid_digits", "0123456789#*"),
        finish_key=fields.text("terminating_digit", "#", longest=1),
        whole_s=fields.whole("timeout_millis", 60_000, 1, 600_000) / 1000,
        begin_s=fields.whole("initial_timeout_millis", 5000, 1, 600_000) / 1000,
        between_s=fields.whole("inter_digit_timeout_millis", 5000, 1, 600_000) / 1000,
    )


def render_call(leg: Leg) -> dict[str, Any]:
    """The resource of a call."""
    is_over = leg.has_ended
    return {
        "data": {
            "record_type": "call",
            **leg.ids(),
            "is_alive": leg.answered_s is not None and not is_over,
            "client_state": leg.client_state,
            "call_duration": leg.duration_s,
            "start_time": None if leg.answered_s is None else render_time(leg.answered_s),
            "end_time": None if leg.ended_s is None else render_time(leg.ended_s),
        }
    }

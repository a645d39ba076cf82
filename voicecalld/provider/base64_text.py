"""Sound as base64 text, as carriers put it into JSON."""

from binascii import a2b_base64, b2a_base64

from voicecalld.errors import BadMessageError


def decode_sound(payload: str) -> bytes:
    """The sound that *payload* holds.

    Raises:
        BadMessageError: it is not base64, or empty.
    """
    try:
        audio = a2b_base64(payload, strict_mode=True)
    except ValueError as problem:
        raise BadMessageError("a payload that is not base64 in the media stream") from problem
    if not audio:
        raise BadMessageError("an empty payload in the media stream")
    return audio


def encode_sound(audio: bytes) -> str:
    """*audio* as it goes into a message."""
    return b2a_base64(audio, newline=False).decode("ascii")

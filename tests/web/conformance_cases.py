"""What a peer may send behind the handshake, and what must come back: RFC 6455, case by case."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from tests.fakes.websocket_peer import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    Received,
    close_frame,
    frame,
)

CONT = 0x0
LIMIT = 65_536

# A text with characters of one to four bytes.
TEXTS = "Grüße, κόσμε \U0001d11e"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The frames that are sent, what is heard of them, and the frames that are sent back.

    With a ``code`` the server says goodbye, and why; else it answers the goodbye of the peer.
    """

    name: str
    sent: tuple[bytes, ...]
    heard: tuple[str, ...] = ()
    back: tuple[Received, ...] = ()
    code: int | None = None


def said(*texts: bytes) -> tuple[str, ...]:
    return tuple(text.decode() for text in texts)


def cases() -> Iterator[Case]:
    """All of them."""
    yield from framing()
    yield from masking()
    yield from pings()
    yield from reserved()
    yield from fragmentation()
    yield from valid_utf8()
    yield from invalid_utf8()
    yield from closing()


# --- 5.2: lengths and masks ----------------------------------------------------------


def framing() -> Iterator[Case]:
    for size in (0, 1, 124, 125, 126, 127, 128, 300, 65_535, LIMIT):
        text = b"*" * size
        yield Case(name=f"text of {size}", sent=(frame(TEXT, text),), heard=said(text))
    for length_bytes in (2, 8):
        yield Case(
            name=f"text with a length of {length_bytes} bytes",
            sent=(frame(TEXT, b"short", length_bytes=length_bytes),),
            heard=said(b"short"),
        )
    yield Case(name="text over the limit", sent=(frame(TEXT, b"*" * (LIMIT + 1)),), code=1009)
    for size in (LIMIT + 1, 1 << 31, 1 << 62, (1 << 64) - 1):
        head = b"\x81\xff" + size.to_bytes(8)
        yield Case(name=f"only the head of a text of {size}", sent=(head,), code=1009)
    for count in (2, 10, 200):
        texts = [b"%d" % number for number in range(count)]
        yield Case(
            name=f"{count} texts",
            sent=tuple(frame(TEXT, text) for text in texts),
            heard=said(*texts),
        )
    yield Case(
        name="a text before one over the limit",
        sent=(frame(TEXT, b"one"), b"\x81\xff" + (LIMIT + 1).to_bytes(8)),
        heard=said(b"one"),
        code=1009,
    )
    for size in (0, 1, 126, LIMIT):
        yield Case(name=f"binary of {size}", sent=(frame(BINARY, b"\0" * size),), code=1003)
    yield Case(
        name="the beginning of a binary message",
        sent=(frame(BINARY, b"one", fin=False), frame(CONT, b"two")),
        code=1003,
    )


def masking() -> Iterator[Case]:
    for mask in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x81\x80\x81\x80"):
        yield Case(
            name=f"mask {mask.hex()}",
            sent=(frame(TEXT, TEXTS.encode(), mask=mask),),
            heard=said(TEXTS.encode()),
        )
    for opcode in (CONT, TEXT, BINARY, CLOSE, PING, PONG):
        naked = (frame(opcode, mask=None),)
        yield Case(name=f"opcode {opcode:x} without a mask", sent=naked, code=1002)
    sent = (frame(TEXT, b"one"), frame(TEXT, b"*" * 300, mask=None), frame(TEXT, b"two"))
    yield Case(name="a text without a mask", sent=sent, heard=said(b"one"), code=1002)


# --- 5.5: pings and pongs ------------------------------------------------------------


def pings() -> Iterator[Case]:
    for payload in (b"", b"hello", b"\0\xff\xfe\xfd", b"*" * 125):
        pong = Received(PONG, payload)
        name = f"ping of {payload[:8].hex()} and {len(payload)}"
        yield Case(name=name, sent=(frame(PING, payload),), back=(pong,))
        sent = (frame(PONG, payload),)
        yield Case(name=name.replace("ping", "pong"), sent=sent)
    for opcode in (PING, PONG):
        for size in (126, 65_535):
            sent = (frame(opcode, b"*" * size),)
            yield Case(name=f"opcode {opcode:x} of {size}", sent=sent, code=1002)
    yield Case(
        name="ten pings",
        sent=tuple(frame(PING, b"%d" % number) for number in range(10)),
        back=tuple(Received(PONG, b"%d" % number) for number in range(10)),
    )
    yield Case(
        name="a pong, a ping and a text",
        sent=(frame(PONG, b"nobody asked"), frame(PING, b"asked"), frame(TEXT, b"said")),
        heard=("said",),
        back=(Received(PONG, b"asked"),),
    )


# --- 5.2: reserved bits and opcodes --------------------------------------------------


def reserved() -> Iterator[Case]:
    sent: tuple[bytes, ...]
    for opcode in (TEXT, CONT, BINARY, PING, PONG, CLOSE):
        for rsv in (1, 2, 4, 7) if opcode is not TEXT else range(1, 8):
            sent = (frame(opcode, b"", rsv=rsv), frame(PING))
            yield Case(name=f"opcode {opcode:x} with reserved bits {rsv}", sent=sent, code=1002)
    compressed = bytes.fromhex("f248cdc9c90700")  # RFC 7692, section 7.2.3.1
    yield Case(name="compressed text", sent=(frame(TEXT, compressed, rsv=4),), code=1002)
    yield Case(
        name="a text before one with a reserved bit",
        sent=(frame(TEXT, b"one"), frame(TEXT, b"two", rsv=4), frame(TEXT, b"three")),
        heard=said(b"one"),
        code=1002,
    )
    for opcode in (*range(0x3, 0x8), *range(0xB, 0x10)):
        for payload in (b"", b"payload"):
            sent = (frame(TEXT, b"one"), frame(opcode, payload), frame(TEXT, b"two"))
            name = f"unknown opcode {opcode:x} with {len(payload)} bytes"
            yield Case(name=name, sent=sent, heard=said(b"one"), code=1002)


# --- 5.4: fragmentation --------------------------------------------------------------


def fragments(*parts: bytes) -> tuple[bytes, ...]:
    """A text message in as many frames."""
    last = len(parts) - 1
    return tuple(
        frame(CONT if number else TEXT, part, fin=number == last)
        for number, part in enumerate(parts)
    )


def fragmentation() -> Iterator[Case]:
    sent: tuple[bytes, ...]
    for parts in ([b"one", b"two"], [b"", b""], [b"", b"one", b""], [b"x"] * 50, [b""] * 90):
        name = f"{len(parts)} parts, {len(b''.join(parts))} bytes"
        yield Case(name=name, sent=fragments(*parts), heard=said(b"".join(parts)))
    first, second = fragments(b"one", b"two")
    ping, pong = frame(PING, b"between"), Received(PONG, b"between")
    yield Case(
        name="a ping between parts", sent=(first, ping, second), heard=("onetwo",), back=(pong,)
    )
    sent = (first, ping, second, frame(TEXT, b"next"))
    yield Case(name="a text behind parts", sent=sent, heard=("onetwo", "next"), back=(pong,))
    sent = (*fragments(b"one", b"two"), *fragments(b"three", b"four"))
    yield Case(name="parts behind parts", sent=sent, heard=said(b"onetwo", b"threefour"))
    yield Case(name="nothing begun", sent=(frame(CONT, b"one"),), code=1002)
    yield Case(name="nothing begun, not the end", sent=(frame(CONT, fin=False),), code=1002)
    yield Case(
        name="a continuation behind a whole text",
        sent=(frame(TEXT, b"one"), frame(CONT, b"two")),
        heard=said(b"one"),
        code=1002,
    )
    yield Case(name="a text among parts", sent=(first, frame(TEXT, b"two")), code=1002)
    yield Case(name="two beginnings", sent=(first, first), code=1002)
    yield Case(name="a binary among parts", sent=(first, frame(BINARY, b"two")), code=1002)
    yield Case(name="a close among parts", sent=(first, close_frame(1000)), code=1002)
    for opcode in (PING, PONG, CLOSE):
        sent = (frame(opcode, fin=False), frame(CONT))
        yield Case(name=f"opcode {opcode:x} in parts", sent=sent, code=1002)
    half = b"*" * (LIMIT // 2)
    yield Case(name="parts up to the limit", sent=fragments(half, half), heard=said(half + half))
    yield Case(name="parts over the limit", sent=fragments(half, half, b"*"), code=1009)
    many = [b"*" * 4096] * 20
    yield Case(name="many parts over the limit", sent=fragments(*many), code=1009)


# --- 8.1: text is UTF-8 --------------------------------------------------------------

VALID = {
    "of all lengths": TEXTS.encode(),
    "a null": b"\0",
    "the last of one byte": b"\x7f",
    "the first of two": b"\xc2\x80",
    "the last of two": b"\xdf\xbf",
    "the first of three": b"\xe0\xa0\x80",
    "the last before the surrogates": b"\xed\x9f\xbf",
    "the first behind the surrogates": b"\xee\x80\x80",
    "a byte order mark": b"\xef\xbb\xbf",
    "a replacement character": b"\xef\xbf\xbd",
    "no character": b"\xef\xbf\xbf",
    "the first of four": b"\xf0\x90\x80\x80",
    "the very last": b"\xf4\x8f\xbf\xbf",
}

INVALID = {
    "a lone continuation": b"\x80",
    "another lone continuation": b"\xbf",
    "six lone continuations": b"\x80\xbf\x80\xbf\x80\xbf",
    "a lone start of two": b"\xc2",
    "a lone start of three": b"\xe2\x82",
    "a lone start of four": b"\xf0\x9d\x84",
    "a start before a space": b"\xc3 ",
    "overlong of two": b"\xc0\xaf",
    "overlong of three": b"\xe0\x80\xaf",
    "overlong of four": b"\xf0\x80\x80\xaf",
    "an overlong null": b"\xc0\x80",
    "the first surrogate": b"\xed\xa0\x80",
    "the last surrogate": b"\xed\xbf\xbf",
    "a pair of surrogates": b"\xed\xa0\x80\xed\xb0\x80",
    "behind the very last": b"\xf4\x90\x80\x80",
    "five bytes": b"\xf8\x88\x80\x80\x80",
    "six bytes": b"\xfc\x84\x80\x80\x80\x80",
    "FE": b"\xfe",
    "FF": b"\xff",
    "Latin-1": "Grüße".encode("latin-1"),
}


def valid_utf8() -> Iterator[Case]:
    for what, text in VALID.items():
        yield Case(name=f"UTF-8, {what}", sent=(frame(TEXT, text),), heard=said(text))
        parts = [text[at : at + 1] for at in range(len(text))]
        sent = (*fragments(*parts, b"!"), frame(TEXT, b"next"))
        heard = said(text + b"!", b"next")
        yield Case(name=f"UTF-8 in single bytes, {what}", sent=sent, heard=heard)
    text = TEXTS.encode()
    first, second = fragments(text[:3], text[3:])  # in the middle of a character
    yield Case(
        name="UTF-8, a ping in the middle of a character",
        sent=(first, frame(PING), second),
        heard=said(text),
        back=(Received(PONG, b""),),
    )


def invalid_utf8() -> Iterator[Case]:
    for what, wrong in INVALID.items():
        text = b"before " + wrong
        sent = (frame(TEXT, b"one"), frame(TEXT, text), frame(TEXT, b"two"))
        yield Case(name=f"no UTF-8, {what}", sent=sent, heard=said(b"one"), code=1007)
        parts = [text[at : at + 1] for at in range(len(text))]
        yield Case(name=f"no UTF-8 in single bytes, {what}", sent=fragments(*parts), code=1007)


# --- 5.5.1 and 7: the end ------------------------------------------------------------


def closing() -> Iterator[Case]:
    for code in (1000, 1001, 1002, 1003, *range(1007, 1015), 3000, 3999, 4000, 4999):
        yield answered_close(f"close with {code}", close_frame(code))
        yield answered_close(f"close with {code} and a reason", close_frame(code, b"why"))
    for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535):
        yield Case(name=f"close with {code}", sent=(close_frame(code),), code=1002)
    yield answered_close("close without a code", close_frame(None))
    yield answered_close("close with a long reason", close_frame(1000, b"*" * 123))
    yield answered_close("close with a reason in Greek", close_frame(1000, "κόσμε".encode()))
    sent = (close_frame(1000, b"*" * 124),)
    yield Case(name="close with too long a reason", sent=sent, code=1002)
    yield Case(name="close of one byte", sent=(frame(CLOSE, b"\x03"),), code=1002)
    for what, wrong in INVALID.items():
        name = f"close with a reason that is no UTF-8, {what}"
        yield Case(name=name, sent=(close_frame(1000, wrong),), code=1007)
    bye = close_frame(1000, b"bye")
    for name, behind in {
        "a text": frame(TEXT, b"more"),
        "a ping": frame(PING, b"more"),
        "another close": close_frame(1001),
        "rubbish": b"\xff" * 50,
    }.items():
        case = answered_close(f"{name} behind a close", bye)
        yield replace(case, sent=(*case.sent, behind))
    case = answered_close("a text before a close", bye)
    yield replace(case, sent=(frame(TEXT, b"one"), *case.sent), heard=("one",))


def answered_close(name: str, close: bytes) -> Case:
    """The close that comes back is the one that was sent."""
    # Two bytes of head and four of mask; the payload by masking it again.
    masked = frame(CLOSE, close[6:])[6:]
    return Case(name=name, sent=(close,), back=(Received(CLOSE, masked),))


ALL = tuple(cases())
assert not [case.name for case, after in pairwise(ALL) if case.name == after.name]

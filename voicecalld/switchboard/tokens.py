"""Proof that a media stream belongs to the call it claims: signed, short-lived, used once."""

import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt

from voicecalld.errors import BadSignatureError, StartError
from voicecalld.ids import CallId

# A carrier connects within a second or two; the rest is for a slow network.
TOKEN_LIFETIME_S = 60

KEY_BYTES = 32
AUDIENCE = "media-stream"
ALGORITHM = "HS256"


def load_key(path: Path) -> bytes:
    """The key that tokens are signed with; made at the first start, readable by us alone.

    Raises:
        StartError: the file cannot be made or read, or is not a key.
    """
    try:
        return read_key(path)
    except FileNotFoundError:
        return make_key(path)
    except OSError as error:
        raise StartError(f"{path}: cannot read the key of stream tokens: {error}") from error


def read_key(path: Path) -> bytes:
    """The key in *path*, refused if others could have read it."""
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise StartError(f"{path}: not a key of stream tokens; remove it to have one made")
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise StartError(f"{path}: others may read this key; make its mode 0600")
    return key


def make_key(path: Path) -> bytes:
    """Make a key in *path*."""
    key = secrets.token_bytes(KEY_BYTES)
    unfinished = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)  # whole or not at all, also after a crash
    except OSError as error:
        raise StartError(f"{path}: cannot make the key of stream tokens: {error}") from error
    return key


class StreamTokens:
    """Mints tokens for calls and takes each of them back once."""

    def __init__(self, key: bytes, unix_clock: Callable[[], float]) -> None:
        self.key = key
        self.unix_clock = unix_clock
        self.used: dict[str, float] = {}  # id of the token -> when it may be forgotten

    def mint(self, provider: str, call_id: CallId) -> str:
        """A token for one media stream of *call_id* at *provider*."""
        claims = {
            "aud": AUDIENCE,
            "iss": provider,
            "sub": call_id,
            "jti": secrets.token_urlsafe(16),
            "exp": int(self.unix_clock()) + TOKEN_LIFETIME_S,
        }
        return jwt.encode(claims, self.key, algorithm=ALGORITHM)

    def redeem(self, provider: str, token: str) -> CallId:
        """The call that *token* was minted for; it cannot be redeemed again.

        Raises:
            BadSignatureError: it was forged, is too old, has been used, or is another carrier's.
        """
        claims = self.check(provider, token)
        self.used[claims["jti"]] = claims["exp"]
        return CallId(claims["sub"])

    def check(self, provider: str, token: str) -> dict[str, Any]:
        """What *token* claims, if it can be redeemed.

        Raises:
            BadSignatureError: it cannot.
        """
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self.key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=provider,
                # Our own clock decides about `exp`: tests and a stepped clock need it.
                options={"require": ["exp", "jti", "aud", "sub", "iss"], "verify_exp": False},
            )
        except (jwt.InvalidTokenError, UnicodeEncodeError, RecursionError) as error:
            # Not its words: they quote what was sent.
            raise BadSignatureError(f"stream token refused: {type(error).__name__}") from error
        now_s = self.unix_clock()
        self.used = {jti: until_s for jti, until_s in self.used.items() if until_s > now_s}
        if claims["exp"] <= now_s:
            raise BadSignatureError("stream token refused: it has expired")
        if claims["jti"] in self.used:
            raise BadSignatureError("stream token refused: it has been used")
        return claims

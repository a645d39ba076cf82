import stat
from pathlib import Path

import jwt
import pytest

from voicecalld.errors import BadSignatureError, StartError
from voicecalld.ids import CallId
from voicecalld.switchboard.tokens import (
    ALGORITHM,
    AUDIENCE,
    KEY_BYTES,
    TOKEN_LIFETIME_S,
    StreamTokens,
    load_key,
)

KEY = bytes(range(KEY_BYTES))
CALL = CallId("0c2f9c1e-7a6e-4d0b-9d7a-2f6a8a5f0c11")


class WallClock:
    """A wall clock that stands still."""

    def __init__(self) -> None:
        self.unix_s = 1_000_000.5

    def __call__(self) -> float:
        return self.unix_s


@pytest.fixture
def clock() -> WallClock:
    return WallClock()


@pytest.fixture
def tokens(clock: WallClock) -> StreamTokens:
    return StreamTokens(KEY, clock)


def test_a_token_names_the_call_it_was_minted_for(tokens: StreamTokens) -> None:
    assert tokens.redeem("mock", tokens.mint("mock", CALL)) == CALL


def test_a_token_is_taken_once(tokens: StreamTokens) -> None:
    token = tokens.mint("mock", CALL)
    tokens.redeem("mock", token)

    with pytest.raises(BadSignatureError, match="used"):
        tokens.redeem("mock", token)


def test_two_tokens_of_one_call_are_two_tokens(tokens: StreamTokens) -> None:
    first, second = tokens.mint("mock", CALL), tokens.mint("mock", CALL)

    assert tokens.redeem("mock", second) == tokens.redeem("mock", first) == CALL


def test_a_token_is_taken_until_its_time_is_over(tokens: StreamTokens, clock: WallClock) -> None:
    token = tokens.mint("mock", CALL)

    clock.unix_s += TOKEN_LIFETIME_S - 1

    assert tokens.redeem("mock", token) == CALL


def test_a_token_is_too_old_after_its_time(tokens: StreamTokens, clock: WallClock) -> None:
    token = tokens.mint("mock", CALL)

    clock.unix_s += TOKEN_LIFETIME_S

    with pytest.raises(BadSignatureError, match="expired"):
        tokens.redeem("mock", token)


def test_a_used_token_is_not_taken_again_when_it_has_been_forgotten(
    tokens: StreamTokens, clock: WallClock
) -> None:
    token = tokens.mint("mock", CALL)
    tokens.redeem("mock", token)
    clock.unix_s += TOKEN_LIFETIME_S + 1
    tokens.redeem("mock", tokens.mint("mock", CALL))

    assert len(tokens.used) == 1
    with pytest.raises(BadSignatureError, match="expired"):
        tokens.redeem("mock", token)


def test_a_token_of_another_carrier_is_refused(tokens: StreamTokens) -> None:
    token = tokens.mint("mock", CALL)

    with pytest.raises(BadSignatureError, match="refused"):
        tokens.redeem("other", token)


def test_a_token_of_another_key_is_refused(tokens: StreamTokens, clock: WallClock) -> None:
    token = StreamTokens(KEY[::-1], clock).mint("mock", CALL)

    with pytest.raises(BadSignatureError, match="refused"):
        tokens.redeem("mock", token)


@pytest.mark.parametrize("missing", ["aud", "iss", "sub", "jti", "exp"])
def test_a_token_that_does_not_say_everything_is_refused(
    tokens: StreamTokens, clock: WallClock, missing: str
) -> None:
    claims = {"aud": AUDIENCE, "iss": "mock", "sub": CALL, "jti": "1", "exp": clock() + 9}
    del claims[missing]
    token = jwt.encode(claims, KEY, algorithm=ALGORITHM)

    with pytest.raises(BadSignatureError, match="refused"):
        tokens.redeem("mock", token)


def test_a_token_for_another_purpose_is_refused(tokens: StreamTokens, clock: WallClock) -> None:
    claims = {"aud": "control", "iss": "mock", "sub": CALL, "jti": "1", "exp": clock() + 9}

    with pytest.raises(BadSignatureError, match="refused"):
        tokens.redeem("mock", jwt.encode(claims, KEY, algorithm=ALGORITHM))


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
@pytest.mark.filterwarnings("ignore::jwt.InsecureKeyLengthWarning")
def test_a_token_signed_in_another_way_is_refused(
    tokens: StreamTokens, clock: WallClock, algorithm: str
) -> None:
    claims = {"aud": AUDIENCE, "iss": "mock", "sub": CALL, "jti": "1", "exp": clock() + 9}

    with pytest.raises(BadSignatureError, match="refused"):
        tokens.redeem("mock", jwt.encode(claims, KEY, algorithm=algorithm))


def test_a_token_without_a_signature_is_refused(tokens: StreamTokens, clock: WallClock) -> None:
    claims = {"aud": AUDIENCE, "iss": "mock", "sub": CALL, "jti": "1", "exp": clock() + 9}

    with pytest.raises(BadSignatureError, match="refused"):
        tokens.redeem("mock", jwt.encode(claims, "", algorithm="none"))


@pytest.mark.parametrize("token", ["", "a.b.c", "\u00e9.\u00e9.\u00e9", "." * 10_000, "\ud800"])
def test_anything_else_is_refused(tokens: StreamTokens, token: str) -> None:
    with pytest.raises(BadSignatureError, match="refused"):
        tokens.redeem("mock", token)


# --- the key --------------------------------------------------------------------------


def test_the_key_is_made_once_for_us_alone_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "state" / "key"

    key = load_key(path)

    assert len(key) == KEY_BYTES
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key(path) == key


def test_two_keys_are_not_the_same(tmp_path: Path) -> None:
    assert load_key(tmp_path / "one") != load_key(tmp_path / "two")


@pytest.mark.parametrize("n_bytes", [0, KEY_BYTES - 1, KEY_BYTES + 1])
def test_a_file_that_is_not_a_key_is_refused(tmp_path: Path, n_bytes: int) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"k" * n_bytes)
    path.chmod(0o600)

    with pytest.raises(StartError, match="not a key"):
        load_key(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    path.write_bytes(KEY)
    path.chmod(mode)

    with pytest.raises(StartError, match="others may read"):
        load_key(path)


def test_a_key_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="cannot read"):
        load_key(tmp_path)


def test_a_key_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.with_name("key.new").mkdir()

    with pytest.raises(StartError, match="cannot make"):
        load_key(path)

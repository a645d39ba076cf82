import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicecalld.errors import BadMessageError
from voicecalld.provider.base64_text import decode_sound, encode_sound


@given(audio=st.binary(min_size=1))
def test_sound_survives_being_written_as_text(audio: bytes) -> None:
    assert decode_sound(encode_sound(audio)) == audio


@pytest.mark.parametrize("payload", ["", "fw", "f w A =", "fwA=fwA=", "fw-_", "ü", "=fwA"])
def test_what_is_not_exactly_base64_is_a_bad_message(payload: str) -> None:
    with pytest.raises(BadMessageError):
        decode_sound(payload)

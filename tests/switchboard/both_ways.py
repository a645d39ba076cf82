"""A call with a media stream and one without, and who hangs up on either."""

from typing import Any

import pytest

from tests.carriers.callee import build_callee
from tests.fakes.spoken_voice import SpokenVoice

NATIVE: dict[str, Any] = {"streaming": {"enabled": False}}
STREAM: dict[str, Any] = {"streaming": {"enabled": True}, "voice": SpokenVoice()}
BOTH = pytest.mark.parametrize("way", [NATIVE, STREAM], ids=["native", "stream"])


def hangs_up(after_ms: int, *steps: dict[str, Any]) -> Any:
    return build_callee(*steps, hangs_up_after_ms=after_ms, hang_up_when_done=False)

from typing import Any

import pytest

from tests.carriers.telnyx.parameters import KNOWN


def parameters_of_the_library() -> dict[str, Any]:
    from telnyx.types import call_dial_params, calls

    return {
        "dial": call_dial_params.CallDialParams,
        "answer": calls.ActionAnswerParams,
        "reject": calls.ActionRejectParams,
        "hangup": calls.ActionHangupParams,
        "speak": calls.ActionSpeakParams,
        "playback_stop": calls.ActionStopPlaybackParams,
        "send_dtmf": calls.ActionSendDtmfParams,
        "transcription_start": calls.TranscriptionStartRequestParam,
        "transcription_stop": calls.ActionStopTranscriptionParams,
        "gather": calls.ActionGatherParams,
        "gather_stop": calls.ActionStopGatherParams,
        "streaming_start": calls.ActionStartStreamingParams,
        "streaming_stop": calls.ActionStopStreamingParams,
    }


@pytest.mark.parametrize("command", KNOWN)
def test_telnyxs_own_library_knows_the_same_parameters(command: str) -> None:
    names = parameters_of_the_library()[command].__annotations__

    assert {name.rstrip("_") for name in names} == KNOWN[command]

"""Whatever may be written into a journal."""

from hypothesis import strategies as st

from voicecalld.call.record import (
    CallRecord,
    CallState,
    Entry,
    Mode,
    Speaker,
    TurnLatency,
    Utterance,
)
from voicecalld.ids import CallId
from voicecalld.provider.http import Reply

texts = st.text() | st.sampled_from(
    ["👩‍👩‍👧 hi", "مرحبا \u202e", "\x00", "a\x00b", "", "'; --", "\n"]
)
finite = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | texts,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(texts, values, max_size=3),
    max_leaves=5,
)
entries = st.builds(
    Entry,
    event=texts,
    unix_s=finite,
    record=st.builds(
        CallRecord,
        call_id=texts.map(CallId),
        provider=texts,
        direction=texts,
        mode=st.sampled_from(Mode),
        state=st.sampled_from(CallState),
        from_number=texts,
        to_number=texts,
        started_unix_s=finite,
        provider_call_id=st.none() | texts,
        answered_unix_s=st.none() | finite,
        ended_unix_s=st.none() | finite,
        idempotency_key=st.none() | texts,
    ),
    details=st.dictionaries(texts, json_values, max_size=3),
    utterance=st.none()
    | st.builds(
        Utterance,
        speaker=st.sampled_from(Speaker),
        text=texts,
        unix_s=finite,
        interrupted=st.booleans(),
        ended_unix_s=st.none() | finite,
    ),
    latency=st.none()
    | st.builds(
        TurnLatency,
        turn=st.integers(-(2**63), 2**63 - 1),
        unix_s=finite,
        endpoint_s=st.none() | finite,
        transcript_s=st.none() | finite,
        first_text_s=st.none() | finite,
        first_clause_s=st.none() | finite,
        first_audio_s=st.none() | finite,
        first_frame_s=st.none() | finite,
        first_mark_s=st.none() | finite,
        speech_ended_unix_s=st.none() | finite,
    ),
)
replies = st.builds(
    Reply, status=st.integers(100, 599), content_type=texts, body=st.binary(max_size=1000)
)

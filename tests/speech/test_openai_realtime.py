import json

import pytest

from voicecalld.errors import BadMessageError, HopelessServiceError, ServiceError
from voicecalld.speech.dialogue import NO_WORDS_S, WORDS_S
from voicecalld.speech.openai_realtime import (
    TRANSCRIPTION,
    RealtimeDialogue,
    build_session,
    realtime_url,
)

SOUND = bytes(1600)
URL = "wss://api.openai.com/v1/realtime?intent=transcription"


def ready(*keys: int) -> RealtimeDialogue:
    """A dialogue that has committed the utterances *keys*."""
    dialogue = RealtimeDialogue(model="m", language="en-US", dialect="ga")
    dialogue.receive('{"type": "session.updated"}')
    for key in keys:
        dialogue.sound(SOUND)
        dialogue.end(key)
    return dialogue


def committed(item: str, previous: str | None) -> str:
    kind = "input_audio_buffer.committed"
    return json.dumps({"type": kind, "item_id": item, "previous_item_id": previous})


def words(kind: str, item: str, **more: object) -> str:
    return json.dumps({"type": TRANSCRIPTION + kind, "item_id": item, **more})


def completed(item: str, text: str) -> str:
    return words("completed", item, transcript=text)


def test_transcripts_in_any_order_go_to_the_utterances_they_are_of() -> None:
    dialogue = ready(1, 2)
    for message in (
        completed("b", "two"),
        committed("a", None),
        committed("b", "a"),
        completed("a", "one"),
    ):
        dialogue.receive(message)

    assert [dialogue.text(1), dialogue.text(2)] == ["one", "two"]


def test_items_are_ordered_by_what_was_before_them_whenever_they_come() -> None:
    dialogue = ready(1, 2, 3)
    for item, previous in (("c", "b"), ("b", "a"), ("a", None)):
        dialogue.receive(committed(item, previous))
        dialogue.receive(completed(item, item))

    assert [dialogue.text(key) for key in (1, 2, 3)] == ["a", "b", "c"]


def test_servers_that_tell_of_no_order_are_taken_at_their_word() -> None:
    dialogue = ready(1, 2)
    for item in ("a", "b"):
        dialogue.receive(committed(item, None))
        dialogue.receive(committed(item, None))
        dialogue.receive(completed(item, item))

    assert [dialogue.text(1), dialogue.text(2)] == ["a", "b"]


def test_an_item_that_was_never_told_of_does_not_hold_up_the_next() -> None:
    dialogue = ready(1, 2)
    dialogue.receive(committed("b", "a"))
    dialogue.receive(completed("b", "two"))
    assert dialogue.text(2) is None
    dialogue.forget(1)

    assert dialogue.text(2) == "two"


def test_an_utterance_that_was_given_up_gives_its_late_words_to_nobody() -> None:
    dialogue = ready(1, 2)
    dialogue.forget(1)
    for message in (committed("a", None), committed("b", "a"), completed("a", "one")):
        dialogue.receive(message)

    assert [dialogue.text(2), dialogue.best(2)] == [None, ""]


def test_deltas_are_the_best_until_the_transcript_is_complete() -> None:
    dialogue = ready(1)
    dialogue.receive(committed("a", None))
    assert dialogue.patience_s(1) == NO_WORDS_S
    for delta in ("he", "llo "):
        dialogue.receive(words("delta", "a", delta=delta))
    assert (dialogue.best(1), dialogue.patience_s(1)) == ("hello", WORDS_S)
    dialogue.receive(completed("a", "Hello."))
    dialogue.receive(completed("a", "doubled"))

    assert dialogue.best(1) == "Hello."


def test_an_event_that_comes_twice_counts_once() -> None:
    dialogue = ready(1)
    dialogue.receive(committed("a", None))
    for _ in range(2):
        dialogue.receive(words("delta", "a", delta="no", event_id="e1"))

    assert dialogue.best(1) == "no"


def test_a_transcription_that_failed_leaves_what_was_known() -> None:
    dialogue = ready(1)
    dialogue.receive(committed("a", None))
    dialogue.receive(words("delta", "a", delta="good"))
    dialogue.receive(words("failed", "a", error={"code": "x"}))
    dialogue.receive(words("segment", "a"))

    assert dialogue.text(1) == "good"


def test_a_transcription_that_failed_without_words_is_lost_at_once() -> None:
    dialogue = ready(1)
    dialogue.receive(committed("a", None))
    assert dialogue.patience_s(1) == NO_WORDS_S
    dialogue.receive(words("failed", "a", error={"code": "x"}))

    assert (dialogue.is_answered(1), dialogue.patience_s(1)) == (False, 0.0)


@pytest.mark.parametrize("error", [{"code": "insufficient_quota"}, {"type": "insufficient_quota"}])
def test_without_a_quota_there_is_no_hope(error: dict[str, str]) -> None:
    dialogue = ready(1)
    dialogue.receive(committed("a", None))

    with pytest.raises(HopelessServiceError, match=r"insufficient_quota: .*stt\.openai\.api_key"):
        dialogue.receive(words("failed", "a", error=error))
    with pytest.raises(HopelessServiceError, match="insufficient_quota"):
        dialogue.receive(json.dumps({"type": "error", "error": error}))


def test_too_little_sound_is_not_committed() -> None:
    dialogue = ready()
    dialogue.sound(bytes(799))

    assert [json.loads(str(one))["type"] for one in dialogue.end(1)] == [
        "input_audio_buffer.clear"
    ]
    assert dialogue.text(1) == ""


def test_a_refused_commit_is_lost_and_has_no_item() -> None:
    dialogue = ready()
    dialogue.sound(SOUND)
    event_id = json.loads(str(dialogue.end(1)[-1]))["event_id"]
    dialogue.sound(SOUND)
    dialogue.end(2)
    dialogue.receive(json.dumps({"type": "error", "error": {"code": "x", "event_id": event_id}}))
    dialogue.receive(committed("b", None))
    dialogue.receive(completed("b", "two"))

    assert [dialogue.text(1), dialogue.text(2)] == [None, "two"]
    assert [dialogue.is_answered(1), dialogue.is_answered(2)] == [False, True]
    assert dialogue.patience_s(1) == 0.0
    dialogue.forget(1)
    assert dialogue.patience_s(1) == NO_WORDS_S


def test_an_empty_commit_that_a_server_does_not_name_is_the_oldest() -> None:
    dialogue = ready(1, 2)
    dialogue.receive('{"type": "error", "error": {"code": "input_audio_buffer_commit_empty"}}')
    dialogue.receive('{"type": "error", "error": {"code": "something_else"}}')
    dialogue.receive(committed("b", None))
    dialogue.receive(completed("b", "two"))

    assert [dialogue.text(1), dialogue.text(2)] == ["", "two"]


def test_sound_is_sent_in_batches() -> None:
    dialogue = ready()

    assert dialogue.sound(bytes(319)) == ()
    assert len(dialogue.sound(bytes(1))) == 1


def test_so_many_foreign_items_are_forgotten() -> None:
    dialogue = ready(1)
    for number in range(500):
        dialogue.receive(words("delta", f"foreign{number}", delta="x"))
    dialogue.receive(committed("a", None))
    dialogue.receive(completed("a", "one"))

    assert dialogue.text(1) == "one"


@pytest.mark.parametrize(
    "message",
    [
        "",
        "{}",
        b"\0",
        '{"type": "error"}',
        '{"type": "input_audio_buffer.committed"}',
        '{"type": "input_audio_buffer.committed", "item_id": "a", "previous_item_id": 7}',
        words("delta", "a", delta=7),
        json.dumps({"type": f"{TRANSCRIPTION}completed"}),
    ],
)
def test_garbage_is_refused(message: str | bytes) -> None:
    dialogue = ready(1)

    with pytest.raises(BadMessageError):
        dialogue.receive(message)


def test_an_error_is_fatal_before_the_session_is_ready_or_when_it_expires() -> None:
    with pytest.raises(ServiceError, match="invalid_model"):
        RealtimeDialogue(model="m", language="", dialect="ga").receive(
            '{"type": "error", "error": {"code": "invalid_model"}}'
        )
    with pytest.raises(HopelessServiceError, match=r"invalid_value, .*: check \[stt\.openai\]$"):
        RealtimeDialogue(model="m", language="", dialect="ga").receive(
            '{"type": "error", "error": '
            '{"code": "invalid_value", "type": "invalid_request_error"}}'
        )
    with pytest.raises(HopelessServiceError, match=r"check stt\.openai\.dialect$"):
        ready().receive('{"type": "error", "error": {"code": "beta_api_shape_disabled"}}')
    with pytest.raises(ServiceError, match="session_expired"):
        ready().receive('{"type": "error", "error": {"code": "session_expired"}}')


@pytest.mark.parametrize(
    ("model", "chosen"),
    [
        ("gpt-live-transcribe", {"model": "gpt-live-transcribe", "languages": ["en"]}),
        ("whisper", {"model": "whisper", "language": "en"}),
    ],
)
def test_a_session_has_our_own_voice_activity(model: str, chosen: object) -> None:
    update = json.loads(json.dumps(build_session(model, "en-US", "ga")))
    heard = update["session"]["audio"]["input"]

    assert update["type"] == "session.update"
    assert heard["turn_detection"] is None
    assert heard["transcription"] == chosen


def test_the_older_dialect_is_flat() -> None:
    update = build_session("whisper", "", "beta")

    assert update["type"] == "transcription_session.update"
    assert update["session"] == {
        "input_audio_format": "g711_ulaw",
        "input_audio_transcription": {"model": "whisper"},
        "turn_detection": None,
    }


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        (URL, URL),
        ("ws://host/v1/realtime", "ws://host/v1/realtime?model=m"),
        ("ws://host/v1?intent=x", "ws://host/v1?intent=x&model=m"),
        ("ws://host/v1?model=y", "ws://host/v1?model=y"),
    ],
)
def test_the_model_is_named_in_the_url_of_other_hosts(url: str, wanted: str) -> None:
    assert realtime_url(url, "m") == wanted


def test_words_that_come_before_the_commit_are_a_guess_at_what_is_being_said() -> None:
    dialogue = ready()
    dialogue.sound(SOUND)
    dialogue.receive(words("delta", "a", delta="I want "))
    assert dialogue.guess() == "I want"
    dialogue.end(1)
    assert dialogue.guess() == ""
    dialogue.receive(committed("a", None))

    assert (dialogue.guess(), dialogue.best(1)) == ("", "I want")


def test_late_words_of_what_was_committed_or_dropped_are_no_guess() -> None:
    dialogue = ready(1)
    dialogue.receive(committed("a", None))
    dialogue.forget(1)
    dialogue.receive(words("delta", "a", delta="old"))
    assert dialogue.guess() == ""
    dialogue.receive(words("delta", "b", delta="a cough"))
    dialogue.drop()
    dialogue.receive(words("delta", "b", delta="ing fit"))

    assert dialogue.guess() == ""

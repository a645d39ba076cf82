import pytest

from voicecalld.control.handlers import HANDLERS
from voicecalld.control.params import (
    CallParams,
    DigitsParams,
    InitiateParams,
    LatencyParams,
    ListParams,
    MessageParams,
    NoParams,
    Params,
    RingParams,
    SubscribeParams,
    parse_params,
)
from voicecalld.errors import BadParameterError
from voicecalld.rpc.json_line import Json
from voicecalld.rpc.methods import METHODS


@pytest.mark.parametrize("name", sorted(HANDLERS))
def test_a_method_takes_exactly_the_parameters_that_the_table_says(name: str) -> None:
    fields = HANDLERS[name].params.model_fields.values()

    taken = {(field.alias, field.is_required()) for field in fields}

    assert taken == {(member.name, member.required) for member in METHODS[name].params}


@pytest.mark.parametrize(
    ("model", "params", "parameter", "complaint"),
    [
        (InitiateParams, {}, "message", "message: is missing"),
        (InitiateParams, {"message": " \n"}, "message", "message: must not be blank"),
        (InitiateParams, {"message": "\U0001f600"}, "message", "message: has nothing that can be"),
        (InitiateParams, {"message": "**  **\n---"}, "message", "nothing that can be said"),
        (InitiateParams, {"message": "?!"}, "message", "nothing that can be said"),
        (MessageParams, {"callId": "a", "message": "\U0001f600"}, "message", "nothing that can"),
        (RingParams, {"from": "anonymous", "say": "..."}, "say", "say: has nothing that can be"),
        (InitiateParams, {"message": "a\x1b[2J"}, "message", "control characters"),
        (InitiateParams, {"message": "a\x85"}, "message", "control characters"),
        (InitiateParams, {"message": "a" * 10_001}, "message", "more than 10000"),
        (InitiateParams, {"message": 5}, "message", "message: should be a valid string"),
        (InitiateParams, {"message": None}, "message", "valid string"),
        (InitiateParams, {"message": "a", "to": "0123"}, "to", "to: not an E.164"),
        (InitiateParams, {"message": "a", "to": ""}, "to", "not an E.164"),
        (InitiateParams, {"message": "a", "mode": "chat"}, "mode", "'notify' or 'conversation'"),
        (
            InitiateParams,
            {"message": "a", "provider": 5},
            "provider",
            "provider: should be a valid",
        ),
        (InitiateParams, {"message": "a", "provider": ""}, "provider", "provider: must have 1 to"),
        (InitiateParams, {"message": "a", "idempotencyKey": ""}, "idempotencyKey", "1 to 200"),
        (
            InitiateParams,
            {"message": "a", "massage": "b"},
            "massage",
            "parameter 'massage'",
        ),
        (InitiateParams, {"message": "a", "idempotency_key": "b"}, "idempotency_key", "unknown"),
        (CallParams, {"callId": "a\nb"}, "callId", "printable"),
        (CallParams, {"callId": " "}, "callId", "printable"),
        (DigitsParams, {"callId": "a", "digits": "5a"}, "digits", "digits: not keys"),
        (ListParams, {"limit": 0}, "limit", "greater than or equal to 1"),
        (ListParams, {"limit": 1001}, "limit", "less than or equal to 1000"),
        (ListParams, {"limit": "5"}, "limit", "valid integer"),
        (ListParams, {"limit": True}, "limit", "valid integer"),
        (ListParams, {"limit": 5.0}, "limit", "valid integer"),
        (LatencyParams, {"last": 0}, "last", "greater"),
        (LatencyParams, {"last": 1001}, "last", "less than or equal to 1000"),
        (SubscribeParams, {"since": -1}, "since", "greater"),
        (RingParams, {"from": "someone", "say": "a"}, "from", "not an E.164"),
        (RingParams, {"from": "anonymous", "wav": "a.wav"}, "wav", "absolute"),
        (RingParams, {"from": "anonymous", "wav": "/a\0"}, "wav", "no path"),
        (RingParams, {"from": "anonymous", "say": "a", "wav": "/a"}, None, "exactly one of"),
        (RingParams, {"from": "anonymous"}, None, "exactly one of"),
        (NoParams, {"x": 1}, "x", "unknown"),
        (NoParams, [], None, "by name"),
        (NoParams, [1], None, "by name"),
    ],
)
def test_a_bad_parameter_is_refused_and_named(
    model: type[Params], params: Json, parameter: str | None, complaint: str
) -> None:
    with pytest.raises(BadParameterError, match=complaint) as caught:
        parse_params(model, params)

    assert caught.value.parameter == parameter


def test_every_bad_parameter_is_named_at_once() -> None:
    with pytest.raises(BadParameterError, match=r"message: is missing; to: .*; unknown") as caught:
        parse_params(InitiateParams, {"to": "1", "x": 2})

    assert caught.value.parameter == "message"


def test_what_may_be_left_out_may_also_be_null() -> None:
    parsed = parse_params(InitiateParams, {"message": "Hi\n\tthere", "to": None, "mode": None})

    assert parsed == InitiateParams(message="Hi\n\tthere")


@pytest.mark.parametrize(
    "message", ["\U0001f600 5", "- - -\n*So!*", "\u597d", "! " * 300 + "Now."]
)
def test_a_message_with_one_word_can_be_said(message: str) -> None:
    assert parse_params(InitiateParams, {"message": message}).message == message


def test_no_parameters_at_all_are_none() -> None:
    assert parse_params(ListParams, None) == ListParams()


def test_a_caller_may_be_a_number() -> None:
    parsed = parse_params(RingParams, {"from": "+15550100", "script": "/a.toml"})

    assert (parsed.from_, parsed.script) == ("+15550100", "/a.toml")

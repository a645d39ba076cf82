import pytest
from twilio.twiml.voice_response import Connect, Gather, VoiceResponse

from tests.carriers.twilio import twiml
from tests.carriers.twilio.twiml import parse_twiml
from tests.carriers.xml_reader import DocumentError

URL = "wss://calls.example.test/stream"


def connect(inside: str) -> str:
    return f'<Connect><Stream url="{URL}">{inside}</Stream></Connect>'


def test_everything_that_twilios_own_library_writes_is_understood() -> None:
    response = VoiceResponse()
    response.say("Hello & welcome.", voice="Polly.Joanna", language="en-US")
    response.pause(length=2)
    response.play(digits="1w2")
    gather = Gather(
        input="speech dtmf",
        action="/heard?turn=1",
        timeout=8,
        speech_timeout="2",
        num_digits=4,
        action_on_empty_result=True,
        barge_in=False,
        finish_on_key="*",
    )
    gather.say("What can I do?")
    response.append(gather)
    connect = Connect()
    connect.stream(url=URL).parameter(name="token", value="t1")
    response.append(connect)
    response.redirect("/more", method="GET")
    response.reject(reason="busy")
    response.hangup()

    document = parse_twiml(str(response))

    assert document.complaints == ()
    assert document.verbs == (
        twiml.Say(text="Hello & welcome."),
        twiml.Pause(length_s=2),
        twiml.PlayDigits(digits="1w2"),
        twiml.Gather(
            prompts=(twiml.Say(text="What can I do?"),),
            action="/heard?turn=1",
            method="POST",
            takes_speech=True,
            takes_digits=True,
            begin_s=8,
            end_s=2,
            most_digits=4,
            finish_key="*",
            acts_on_empty=True,
            barge_in=False,
            language="en-US",
        ),
        twiml.ConnectStream(url=URL, parameters={"token": "t1"}, status_url=""),
        twiml.Redirect(url="/more", method="GET"),
        twiml.Reject(reason="busy"),
        twiml.Hangup(),
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("<say>Hello.</say>", 12200),  # verbs have capital letters
        ("<Play>https://calls.example.test/a.wav</Play>", 12200),
        ('<Play digits="1x"/>', 12200),
        ("<Gather><Hangup/></Gather>", 12200),
        ("<Connect/>", 12200),
        ('<Connect><Stream url="ws://calls.example.test/stream"/></Connect>', 31922),
        (f'<Connect><Stream url="{URL}" track="both_tracks"/></Connect>', 31941),
        (connect("<Say>Hello.</Say>"), 12200),
    ],
)
def test_what_cannot_be_performed_is_refused(body: str, code: int) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_twiml(f"<Response>{body}</Response>")

    assert caught.value.code == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("<Say></Say>", 13520),
        ('<Gather timeout="1.5"/>', 12200),
        ('<Gather input="voice"/>', 13334),
        ('<Gather speechTimeout="0"/>', 13327),
        ('<Gather speechTimeout="auto"/>', 13335),
        ('<Gather actionOnEmptyResult="yes"/>', 12200),
        (f'<Connect><Stream url="{URL}?token=t1"/></Connect>', 31941),
        (connect(f'<Parameter name="a" value="{500 * "b"}"/>'), 12200),
        (connect('<Parameter value="b"/>'), 12200),
    ],
)
def test_what_twilio_takes_although_it_is_wrong_is_complained_of(body: str, code: int) -> None:
    document = parse_twiml(f"<Response>{body}</Response>")

    assert [complaint[0] for complaint in document.complaints] == [code]


def test_another_root_is_no_twiml() -> None:
    with pytest.raises(DocumentError) as caught:
        parse_twiml("<html/>")

    assert caught.value.code == 12100

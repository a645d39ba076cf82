import pytest
from plivo import plivoxml

from tests.carriers.plivo import elements
from tests.carriers.plivo.elements import parse_document
from tests.carriers.plivo.wire import MULAW, Warned
from tests.carriers.xml_reader import DocumentError

URL = "wss://calls.example.test/stream?token=t1&leg=a"
WEB = "https://calls.example.test/heard?turn=1"


def stream(attributes: str = "", url: str = "wss://calls.example.test/stream") -> str:
    return f"<Stream {attributes}>{url}</Stream>"


def get_input(attributes: str = 'inputType="speech"', inside: str = "") -> str:
    return f'<GetInput action="{WEB}" {attributes}>{inside}</GetInput>'


def test_everything_that_plivos_own_library_writes_is_understood() -> None:
    response = plivoxml.ResponseElement()
    response.add(plivoxml.SpeakElement("Hello & welcome.", voice="Polly.Joanna", language="en-US"))
    response.add(plivoxml.WaitElement(length=2))
    response.add(plivoxml.DTMFElement("1w2", async_=False))
    listen = plivoxml.GetInputElement(
        action=WEB,
        input_type="dtmf speech",
        execution_timeout=8,
        speech_end_timeout=2,
        num_digits=4,
        finish_on_key="*",
        redirect=True,
    )
    response.add(listen.add_speak("What can I do?"))
    response.add(
        plivoxml.StreamElement(
            URL,
            bidirectional=True,
            keepCallAlive=True,
            audioTrack="inbound",
            streamTimeout=600,
            contentType="audio/x-mulaw;rate=8000",
            statusCallbackUrl=WEB,
            extraHeaders="call=42,leg=a",
        )
    )
    response.add(plivoxml.RedirectElement(WEB, method="GET"))
    response.add(plivoxml.HangupElement(reason="busy"))

    document = parse_document(response.to_string())

    assert document.complaints == ()
    assert document.elements == (
        elements.Speak(text="Hello & welcome."),
        elements.Wait(length_s=2),
        elements.Keys(digits="1w2", is_async=False),
        elements.GetInput(
            prompts=(elements.Speak(text="What can I do?"),),
            action=WEB,
            method="POST",
            takes_speech=True,
            takes_digits=True,
            longest_s=8,
            digit_end_s=elements.AUTO_S,
            speech_end_s=2,
            most_digits=4,
            finish_key="*",
            goes_on_there=True,
        ),
        elements.Stream(
            url=URL,
            format=MULAW,
            is_bidirectional=True,
            keeps_call_alive=True,
            longest_s=600,
            extra_headers="call=42,leg=a",
            status_url=WEB,
            status_method="POST",
        ),
        elements.Redirect(url=WEB, method="GET"),
        elements.Hangup(reason="busy"),
    )


def test_a_stream_is_l16_in_one_direction_and_keeps_no_call_alive_if_nothing_else_is_said() -> (
    None
):
    (element,) = parse_document(f"<Response>{stream()}</Response>").elements

    assert isinstance(element, elements.Stream)
    assert (element.format.encoding, element.format.sample_rate_hz) == ("audio/x-l16", 8000)
    assert not element.is_bidirectional
    assert not element.keeps_call_alive


@pytest.mark.parametrize(
    "body",
    [
        "<speak>Hello.</speak>",  # elements have capital letters
        "<Play>https://calls.example.test/a.wav</Play>",
        "<DTMF>1x</DTMF>",
        get_input(inside="<Hangup/>"),
        '<GetInput inputType="speech"/>',  # nowhere to go
        "<Redirect>/voice</Redirect>",
        stream(url="ws://calls.example.test/stream"),
        stream('contentType="audio/x-mulaw"'),
        stream('audioTrack="both"'),
    ],
)
def test_what_cannot_be_performed_is_refused(body: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_document(f"<Response>{body}</Response>")

    assert caught.value.code == Warned.BAD_DOCUMENT


@pytest.mark.parametrize(
    "body",
    [
        "<Speak></Speak>",
        '<Wait seconds="3"/>',
        get_input("inputType='voice'"),
        get_input(""),
        get_input('inputType="speech" executionTimeout="4"'),
        get_input('inputType="speech" executionTimeout="5.5"'),
        get_input('inputType="speech" speechEndTimeout="1"'),
        get_input('inputType="speech" digitEndTimeout="11"'),
        get_input('inputType="speech" method="PUT"'),
        '<Hangup reason="bored"/>',
        stream('keepCallAlive="yes"'),
        stream('extraHeaders="call=4-2"'),
        stream(f'extraHeaders="call={600 * "4"}"'),
    ],
)
def test_what_plivo_takes_although_it_is_wrong_is_complained_of(body: str) -> None:
    document = parse_document(f"<Response>{body}</Response>")

    assert [complaint[0] for complaint in document.complaints] == [Warned.BAD_ELEMENT]

"""Performs a document of Plivo's XML on an answered line, element by element."""

import itertools
from collections.abc import Mapping
from typing import assert_never

import trio

from tests.carriers.documents import NoDocumentError, read_document
from tests.carriers.plivo.elements import (
    Document,
    GetInput,
    Hangup,
    Keys,
    Redirect,
    Speak,
    Stream,
    Wait,
    parse_document,
)
from tests.carriers.plivo.leg import Fetch, Leg, Target
from tests.carriers.plivo.stream import run_stream
from tests.carriers.plivo.wire import Warned
from tests.carriers.recogniser import InputEar, InputRules
from tests.carriers.xml_reader import DocumentError
from voicecalld.audio.keys import render_keys

LARGEST_DOCUMENT_BYTES = 100 * 1024
NO_WORDS = {"Speech": "", "SpeechConfidenceScore": "", "BilledAmount": "0"}


async def obtain(leg: Leg, source: Fetch) -> Document | None:
    """The document of *source*; None, with a complaint: there is none that can be performed.

    Then the call is over, and its outcome says why.
    """
    fields = {**leg.fields(source.event), **source.fields}
    response = await leg.postman.ask(source.url, source.method, fields)
    if response is None:
        leg.outcome = "no-document"
        return None
    try:
        document = parse_document(read_document(response, LARGEST_DOCUMENT_BYTES))
    except NoDocumentError as problem:
        leg.complain(Warned.BAD_DOCUMENT, str(problem))
    except DocumentError as problem:
        leg.complain(problem.code, str(problem))
    else:
        for code, complaint in document.complaints:
            leg.complain(code, complaint)
        leg.outcome = "end-of-document"
        return document
    leg.outcome = "bad-document"
    return None


class Performance:
    """One document on a line."""

    def __init__(self, leg: Leg) -> None:
        self.leg = leg

    async def perform(self, document: Document) -> Fetch | None:
        """Perform all elements; gives the next document, None if the call is to be ended."""
        for element in document.elements:
            match element:
                case Speak() | Wait():
                    await self.prompt(element)
                case Keys():
                    await self.press(element)
                case GetInput():
                    if (action := await self.listen(element)) is not None:
                        return action
                case Stream():
                    await self.connect(element)
                case Redirect():
                    return Fetch(url=element.url, method=element.method)
                case Hangup():
                    self.leg.outcome = "hangup-element"
                    return None
                case _:
                    assert_never(element)
        return None

    async def prompt(self, element: Speak | Wait) -> None:
        """Let the other party hear something, for as long as that takes."""
        match element:
            case Speak():
                for _ in range(element.times) if element.times else itertools.count():
                    await self.leg.say(element.text)
            case Wait():
                await trio.sleep(element.length_s)
            case _:
                assert_never(element)

    async def press(self, element: Keys) -> None:
        """Press keys; asynchronous ones are heard while the next element is performed."""
        if element.is_async:
            self.leg.talking.press(element.digits)
            return
        self.leg.note(f"presses {element.digits}")
        await self.leg.talking.play(render_keys(element.digits))

    async def connect(self, element: Stream) -> None:
        """Connect a stream, and wait for its end if it keeps the call alive."""
        if element.keeps_call_alive:
            await run_stream(self.leg, element)
            return
        self.leg.talk.start_soon(run_stream, self.leg, element)

    async def listen(self, element: GetInput) -> Fetch | None:
        """Listen; gives the action's document, None if this one goes on."""
        line, prompting = self.leg.talking, trio.CancelScope()
        listened, ear = line.listener, InputEar(rules_of(element), stop_prompts=prompting.cancel)
        line.listener = ear
        try:
            with prompting:
                for prompt in element.prompts:
                    await self.prompt(prompt)
            ear.begin_waiting(trio.current_time())
            await ear.done.wait()
        finally:
            line.listener = listened
        fields = read_result(ear)
        if fields is None:
            return None
        if element.goes_on_there:
            return Fetch(url=element.action, method=element.method, fields=fields)
        target = Target(url=element.action, method=element.method)
        self.leg.report("input", target, {**self.leg.fields("Redirect"), **fields})
        return None


def rules_of(element: GetInput) -> InputRules:
    """What is listened for."""
    return InputRules(
        takes_speech=element.takes_speech,
        takes_digits=element.takes_digits,
        begin_s=element.longest_s,
        longest_s=element.longest_s,
        digit_end_s=element.digit_end_s,
        speech_end_s=element.speech_end_s,
        most_digits=element.most_digits,
        finish_key=element.finish_key,
    )


def read_result(ear: InputEar) -> Mapping[str, str] | None:
    """The parameters of the action's webhook; None: there was no input."""
    if ear.digits or ear.finish_key:
        return {"InputType": "dtmf", "Digits": ear.digits, **NO_WORDS}
    if not ear.words:
        return None
    return {
        "InputType": "speech",
        "Digits": "",
        "Speech": " ".join(ear.words),
        "SpeechConfidenceScore": "0.93",
        "BilledAmount": "0.02",
    }

"""Performs a TwiML document on an answered line, verb by verb."""

from typing import assert_never
from urllib.parse import urljoin

import trio

from tests.carriers.documents import NoDocumentError, read_document
from tests.carriers.recogniser import InputEar
from tests.carriers.twilio.gather import read_result, rules_of
from tests.carriers.twilio.leg import Fetch, Leg, Source
from tests.carriers.twilio.stream import run_stream
from tests.carriers.twilio.twiml import (
    ConnectStream,
    Document,
    Gather,
    Hangup,
    Pause,
    PlayDigits,
    Prompt,
    Redirect,
    Reject,
    Say,
    parse_twiml,
)
from tests.carriers.xml_reader import DocumentError
from voicecalld.audio.keys import render_keys

LARGEST_DOCUMENT_BYTES = 64 * 1024


async def obtain(leg: Leg, source: Source) -> Document | None:
    """The document of *source*; None, with a complaint: there is none that can be performed."""
    text = await obtain_text(leg, source)
    if text is None:
        return None
    try:
        document = parse_twiml(text)
    except DocumentError as problem:
        leg.complain(problem.code, str(problem))
        return None
    for code, complaint in document.complaints:
        leg.complain(code, complaint)
    return document


async def obtain_text(leg: Leg, source: Source) -> str | None:
    """The text of a document."""
    if not isinstance(source, Fetch):
        return source.twiml
    fields = {**leg.fields(), **source.fields}
    response = await leg.postman.ask(source.url, source.method, fields)
    if response is None:
        return None
    try:
        return read_document(response, LARGEST_DOCUMENT_BYTES)
    except NoDocumentError as problem:
        leg.complain(12300, str(problem))
        return None


class Performance:
    """One document on a line; ``base_url`` is where it came from."""

    def __init__(self, leg: Leg, base_url: str) -> None:
        self.leg = leg
        self.base_url = base_url

    async def perform(self, document: Document) -> Source | None:
        """Perform all verbs; gives the next document, None if the call is to be ended."""
        for verb in document.verbs:
            match verb:
                case Say() | PlayDigits() | Pause():
                    await self.prompt(verb)
                case Gather():
                    if (action := await self.gather(verb)) is not None:
                        return action
                case ConnectStream():
                    await run_stream(self.leg, verb)
                case Redirect():
                    return Fetch(url=urljoin(self.base_url, verb.url), method=verb.method)
                case Hangup() | Reject():  # a Reject after the answer is no more than that
                    return None
                case _:
                    assert_never(verb)
        return None

    async def prompt(self, verb: Prompt) -> None:
        """Let the other party hear something, for as long as that takes."""
        match verb:
            case Say():
                await self.leg.say(verb.text)
            case PlayDigits():
                self.leg.services.ledger.note(self.leg.sid, f"presses {verb.digits}")
                await self.leg.talking.play(render_keys(verb.digits))
            case Pause():
                await trio.sleep(verb.length_s)
            case _:
                assert_never(verb)

    async def gather(self, gather: Gather) -> Source | None:
        """Listen; gives the action's document, None if there was no input."""
        line, prompting = self.leg.talking, trio.CancelScope()
        line.listener = ear = InputEar(rules_of(gather), stop_prompts=prompting.cancel)
        try:
            with prompting:
                for prompt in gather.prompts:
                    await self.prompt(prompt)
            ear.begin_waiting(trio.current_time())
            await ear.done.wait()
        finally:
            line.listener = None
        fields = read_result(gather, ear)
        if fields is None:
            return None
        action = urljoin(self.base_url, gather.action) if gather.action else self.base_url
        return Fetch(url=action, method=gather.method, fields=fields)

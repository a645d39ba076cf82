"""What a transcription has heard in the end, without its guesses on the way there."""

from collections.abc import AsyncIterator

from voicecalld.speech.base import Heard


async def next_final(results: AsyncIterator[Heard]) -> Heard:
    """The next of *results* that is final."""
    heard = await anext(results)
    while not heard.is_final:
        heard = await anext(results)
    return heard

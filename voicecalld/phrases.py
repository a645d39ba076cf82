"""The sentences that the embedded transcriber knows unless it is told others.

What a caller of a small office says, chosen because all of it is recognised over the telephone
from several synthetic voices: "stop" and "hi there", for example, are not.
"""

from typing import Final

DEFAULT_PHRASES: Final = (
    "hello",
    "good morning",
    "who are you",
    "can you hear me",
    "can you help me",
    "what time is it",
    "are you open today",
    "what are your opening hours",
    "can I leave a message",
    "I would like to leave a message",
    "please call me back tomorrow",
    "read it back please",
    "can you repeat that please",
    "wait a moment please",
    "never mind",
    "yes please",
    "no thank you",
    "thank you very much",
    "no thank you goodbye",
    "goodbye",
)

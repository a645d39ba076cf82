"""What carriers say that are told so in XML: the verbs that speak, and then pause."""

from collections.abc import Iterator
from dataclasses import dataclass

from voicecalld.provider.base import Perform
from voicecalld.provider.voice import Voice, split_text
from voicecalld.provider.xml_text import clean, render_text, tag, whole_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenVerbs:
    """What a carrier calls its verbs, and how much it reads in one of them."""

    speak: str
    pause: str
    most_characters: int

    def render(self, perform: Perform, voice: Voice) -> str:
        """The verbs for what *perform* says, and for its pause."""
        return "".join(self.list_verbs(perform, voice))

    def list_verbs(self, perform: Perform, voice: Voice) -> Iterator[str]:
        """One verb for each part of the text, and one for the pause if there is any."""
        attributes = {"voice": voice.name} if voice.name else {}
        attributes["language"] = voice.language
        for part in split_text(clean(perform.say).strip(), self.most_characters):
            yield tag(self.speak, attributes, inside=render_text(part))
        if perform.pause_s > 0:
            yield tag(self.pause, {"length": whole_seconds(perform.pause_s)})

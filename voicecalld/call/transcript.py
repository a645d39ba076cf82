"""All that was said on a call, in order."""

from voicecalld.call.record import Speaker, Utterance


class Transcript:
    """The utterances of a call; ours hold only what was heard."""

    def __init__(self) -> None:
        self.utterances: list[Utterance] = []

    def add(self, utterance: Utterance) -> None:
        """Put *utterance* at the end."""
        self.utterances.append(utterance)

    def last_of(self, speaker: Speaker) -> Utterance | None:
        """What *speaker* said last, if anything."""
        said = (spoken for spoken in reversed(self.utterances) if spoken.speaker is speaker)
        return next(said, None)

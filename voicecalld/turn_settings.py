"""The settings of turns: when the other party has ended one, and when it takes ours."""

from pydantic import Field

from voicecalld.section import MILLISECONDS, SECONDS, Section


class TurnSettings(Section):
    """Who speaks when."""

    endpoint_silence_ms: int = Field(
        default=700,
        ge=100,
        le=10_000,
        description=(
            "The silence after speech that ends the other party's turn; with a transcriber that "
            "tells words early, only where their words do not tell whether there is more to come."
        ),
        json_schema_extra=MILLISECONDS,
    )
    endpoint_whole_ms: int = Field(
        default=300,
        ge=100,
        le=10_000,
        description=(
            "The silence that ends the turn after a whole sentence, as it takes 200 to know a "
            "pause; this and the next three need a transcriber that tells words early."
        ),
        json_schema_extra=MILLISECONDS,
    )
    endpoint_dictated_ms: int = Field(
        default=800,
        ge=100,
        le=10_000,
        description=(
            "The silence that ends the turn after figures or letters, as people pause for half a "
            "second between the groups of a number."
        ),
        json_schema_extra=MILLISECONDS,
    )
    endpoint_trailing_ms: int = Field(
        default=1_400,
        ge=100,
        le=10_000,
        description=(
            'The silence that ends the turn after a word such as "and" or "um", as it takes about '
            "a second to find what follows it."
        ),
        json_schema_extra=MILLISECONDS,
    )
    endpoint_longest_ms: int = Field(
        default=2_000,
        ge=100,
        le=10_000,
        description=(
            "The silence that ends the turn whatever the words are, or while they are not known: "
            "after 1500 people begin to think that nobody is there."
        ),
        json_schema_extra=MILLISECONDS,
    )
    barge_in_speech_ms: int = Field(
        default=240,
        ge=20,
        le=5_000,
        description=(
            "How long the other party must speak during a prompt to interrupt it, counted in "
            "voiced sound; with a transcriber that tells words while they are said, it also takes "
            "a word, or barge_in_voice_ms."
        ),
        json_schema_extra=MILLISECONDS,
    )
    barge_in_voice_ms: int = Field(
        default=500,
        ge=20,
        le=10_000,
        description=(
            "How long a voice must last to interrupt without a word, where the transcriber tells "
            "words early: a cough is shorter, and words are known by then."
        ),
        json_schema_extra=MILLISECONDS,
    )
    echo_share: float = Field(
        default=0.6,
        ge=0,
        le=1,
        description=(
            "The share of what is heard over our words that must be our words to be taken for "
            "their echo, of which a transcriber never understands everything; at 1 only "
            "stretches of our own words are."
        ),
    )
    echo_words: int = Field(
        default=3,
        ge=1,
        le=100,
        description=(
            "The fewest words that can be an echo of ours when they are final: fewer may be an "
            'answer given before we had ended, such as "Monday".'
        ),
        json_schema_extra={"unit": "words"},
    )
    false_interruption_ms: int = Field(
        default=2_000,
        ge=0,
        le=30_000,
        description=(
            "The silence after which an interruption without words counts as a mistake, and we "
            "go on with what was not heard: who means it says a word by then; 0 means never."
        ),
        json_schema_extra=MILLISECONDS,
    )
    protect_greeting: bool = Field(
        default=False,
        description=(
            "Whether what we say first is said to its end; what is said over it is answered then."
        ),
    )
    filler: str = Field(
        default="",
        max_length=200,
        description=(
            "What is said while an answer is slow, over a media stream only; with an empty text, "
            "nothing."
        ),
    )
    filler_after_ms: int = Field(
        default=1_200,
        ge=100,
        le=60_000,
        description=(
            "How slow an answer must be for the filler: people are used to a second, and ask "
            "whether somebody is there after two."
        ),
        json_schema_extra=MILLISECONDS,
    )
    apology: str = Field(
        default="Sorry, one moment please.",
        max_length=200,
        description=(
            "What is said while an answer, or the making out of their words, keeps the other "
            "party waiting in silence, and before an answer that has failed is tried again; with "
            "an empty text, nothing."
        ),
    )
    stall_ms: int = Field(
        default=2_500,
        ge=500,
        le=60_000,
        description=(
            "How long the other party may hear nothing, counted from the end of their own words "
            "(without a media stream from when these are known), until the apology is said: "
            "after three seconds people take the call for lost."
        ),
        json_schema_extra=MILLISECONDS,
    )
    repeat_prompt: str = Field(
        default="Sorry, I did not get that. Could you say it again?",
        max_length=500,
        description=(
            "What is said when the words of the other party have not come within "
            "transcription_timeout_ms; if they do not come the second time either, the call ends "
            "with failure_farewell; with an empty text, nothing."
        ),
    )
    failure_farewell: str = Field(
        default="I'm sorry, I can't go on with this call. Please try again later. Goodbye.",
        max_length=500,
        description=(
            "What is said before a call is ended because an answer has failed twice, words have "
            "not come twice, or nothing can be understood any more; with an empty text, nothing."
        ),
    )
    speculative: bool = Field(
        default=False,
        description=(
            "Whether the agent is asked already when the other party seems to have ended, and "
            "asked again if they had not: quicker, and paid for twice; not for agents that "
            "remember what they were asked; without effect where the transcriber does not tell "
            "words while they are said, as deepgram and openai do."
        ),
    )
    preroll_ms: int = Field(
        default=300,
        ge=0,
        le=2_000,
        description="The sound before the detected begin of speech that is transcribed with it.",
        json_schema_extra=MILLISECONDS,
    )
    voice_threshold: float = Field(
        default=0.6,
        ge=0.05,
        le=0.95,
        description="How sure the detector must be, as a probability, that a sound is speech.",
    )
    voice_threshold_speaking: float = Field(
        default=0.7,
        ge=0.05,
        le=0.95,
        description=(
            "The same while our own sound is heard, whose echo is not to be taken for a voice; "
            "never less than voice_threshold."
        ),
    )
    lead_ms: int = Field(
        default=200,
        ge=100,
        le=400,
        description=(
            "The sound that the carrier holds in advance: less is heard as gaps when the network "
            "stalls, more makes it less certain what was heard when we are interrupted."
        ),
        json_schema_extra=MILLISECONDS,
    )
    silence_timeout_seconds: float = Field(
        default=30.0,
        ge=0,
        le=3_600,
        description=(
            "The silence after which the other party is prompted, and after which, the second "
            "time, the call is ended; 0 means never."
        ),
        json_schema_extra=SECONDS,
    )
    silence_prompt: str = Field(
        default="Are you still there?",
        max_length=1_000,
        description=(
            "What is said to a party that has been silent for so long; with an empty text the "
            "call is ended at once."
        ),
    )
    transcription_timeout_ms: int = Field(
        default=5_000,
        ge=100,
        le=60_000,
        description="How long to wait for the words of an utterance once it is over.",
        json_schema_extra=MILLISECONDS,
    )

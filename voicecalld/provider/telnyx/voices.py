"""Who speaks on calls without a media stream if nobody was chosen: one voice for each language.

Telnyx's own plain voices speak American English only. For all else it has those of Amazon Polly,
and takes the languages that they speak.

Source: Telnyx's reference of its command speak; Amazon's list of the standard voices of Polly.
"""

from collections.abc import Mapping
from typing import Final

PLAIN_LANGUAGE: Final = "en-US"

# Of the regions of one language, the first one stands for those that are not listed.
POLLY: Final[Mapping[str, str]] = {
    "arb": "Zeina",
    "cmn-CN": "Zhiyu",
    "cy-GB": "Gwyneth",
    "da-DK": "Naja",
    "de-DE": "Marlene",
    "en-US": "Joanna",
    "en-AU": "Nicole",
    "en-GB": "Amy",
    "en-GB-WLS": "Geraint",
    "en-IN": "Raveena",
    "es-ES": "Conchita",
    "es-MX": "Mia",
    "es-US": "Penelope",
    "fr-FR": "Celine",
    "fr-CA": "Chantal",
    "hi-IN": "Aditi",
    "is-IS": "Dora",
    "it-IT": "Carla",
    "ja-JP": "Mizuki",
    "ko-KR": "Seoyeon",
    "nb-NO": "Liv",
    "nl-NL": "Lotte",
    "pl-PL": "Ewa",
    "pt-BR": "Vitoria",
    "pt-PT": "Ines",
    "ro-RO": "Carmen",
    "ru-RU": "Tatyana",
    "sv-SE": "Astrid",
    "tr-TR": "Filiz",
}

# Where the usual name of a language is another one.
SPOKEN_AS: Final[Mapping[str, str]] = {"ar": "arb", "zh": "cmn", "no": "nb", "nn": "nb"}


def find_language(language: str) -> str | None:
    """The language of Telnyx's that comes closest to *language*; None if it has none like it."""
    if language in POLLY:
        return language
    spoken = language.partition("-")[0]
    spoken = SPOKEN_AS.get(spoken, spoken)
    return next((known for known in POLLY if known.partition("-")[0] == spoken), None)

"""Gather: what it lets the recogniser listen for, and what is made of what that has heard."""

from tests.carriers.recogniser import InputEar, InputRules
from tests.carriers.twilio.twiml import Gather

CONFIDENCE = "0.9318"


def rules_of(gather: Gather) -> InputRules:
    """What is listened for."""
    return InputRules(
        takes_speech=gather.takes_speech,
        takes_digits=gather.takes_digits,
        begin_s=gather.begin_s,
        digit_end_s=gather.begin_s,
        speech_end_s=gather.end_s,
        most_digits=gather.most_digits,
        finish_key=gather.finish_key,
        barge_in=gather.barge_in,
    )


def read_result(gather: Gather, ear: InputEar) -> dict[str, str] | None:
    """The parameters of the action's webhook; None: there was no input."""
    if ear.digits or ear.finish_key:
        fields = {"Digits": ear.digits}
        return {**fields, "FinishedOnKey": ear.finish_key} if ear.finish_key else fields
    if ear.words:
        text = " ".join(ear.words)
        return {"SpeechResult": text, "Confidence": CONFIDENCE, "Language": gather.language}
    if not gather.acts_on_empty:
        return None
    digits = {"Digits": ""} if gather.takes_digits else {}
    return {**digits, "SpeechResult": ""} if gather.takes_speech else digits

"""What the receptionist says: a table of patterns, each with the function that answers.

The first row that fits is taken. It speaks English. Nothing here waits: an agent is made of it
in `voicecalld.agent.embedded`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

from voicecalld.agent.base import CallerTurn
from voicecalld.agent.spoken_time import say_time

OFFER: Final = "I can tell you the time or our opening hours, or take a message."


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to say, and whether that was the last thing."""

    text: str
    ends_call: bool = False


@dataclass(slots=True, kw_only=True)
class Conversation:
    """What the receptionist knows in one call: who it is, and what has been said so far."""

    name: str
    company: str
    clock: Callable[[], datetime]
    awaits_message: bool = False
    messages: list[str] = field(default_factory=list)
    last_answer: str = ""


AnswerFunction: TypeAlias = Callable[[Conversation, str], Answer]


def answer_turn(conversation: Conversation, turn: CallerTurn) -> Answer:
    """What to say to *turn*: a word for an interruption, then its keys, then its words."""
    answer = answer_said(conversation, turn)
    conversation.last_answer = answer.text
    # Who interrupts should know at once that they were heard.
    acknowledgement = "Sure. " if turn.interrupted else ""
    pressed = f"You pressed {', '.join(turn.digits)}. " if turn.digits else ""
    return Answer(text=acknowledgement + pressed + answer.text, ends_call=answer.ends_call)


def answer_said(conversation: Conversation, turn: CallerTurn) -> Answer:
    """What to say to the words of *turn*, of which there may be none."""
    words = plain_words(turn.text)
    if not words:
        prompt = "What is the message?" if conversation.awaits_message else OFFER
        return Answer(text=prompt if turn.digits else f"I did not understand you. {prompt}")
    rules = RULES_FOR_MESSAGE if conversation.awaits_message else RULES
    answer = next((answer for pattern, answer in rules if pattern.search(words)), answer_unknown)
    return answer(conversation, turn.text)


def plain_words(text: str) -> str:
    """*text* in lower case, its words one blank apart: "What's up?" becomes "whats up"."""
    without_apostrophes = re.sub("['\u2019]", "", text.casefold())
    return " ".join(re.findall(r"[^\W_]+", without_apostrophes))


def quoted(text: str) -> str:
    """*text* as one sentence to be repeated."""
    return " ".join(text.split()).rstrip(" .,;:!?") + "."


# --- the answers ----------------------------------------------------------------------


def answer_unknown(_conversation: Conversation, text: str) -> Answer:
    """Words that no rule knows: the caller learns what was heard."""
    return Answer(text=f"I heard: {quoted(text)} I am afraid I do not understand that. {OFFER}")


def answer_greeting(conversation: Conversation, _text: str) -> Answer:
    """A greeting is returned."""
    return Answer(
        text=f"Hello! This is {conversation.name} at {conversation.company}. How can I help you?"
    )


def answer_well_being(_conversation: Conversation, _text: str) -> Answer:
    """A question of politeness."""
    return Answer(text="I am very well, thank you for asking. What can I do for you?")


def answer_presence(_conversation: Conversation, _text: str) -> Answer:
    """A caller who is not sure of the line."""
    return Answer(text="Yes, I am here, and I can hear you well. What can I do for you?")


def answer_name(conversation: Conversation, _text: str) -> Answer:
    """Who it is; and what, because a caller should know that it is a machine."""
    return Answer(
        text=f"You asked who I am. I am {conversation.name}, the automatic receptionist of "
        f"{conversation.company}. {OFFER}"
    )


def answer_time(conversation: Conversation, _text: str) -> Answer:
    """The time of day."""
    return Answer(text=f"You asked for the time. It is {say_time(conversation.clock())}.")


def answer_hours(conversation: Conversation, _text: str) -> Answer:
    """The opening hours; long, so that there is something to interrupt."""
    return Answer(
        text=f"You asked when {conversation.company} is open. "
        "We are open from Monday to Friday, from nine in the morning until half past five. "
        "On Saturday we are open from ten until two in the afternoon. "
        "On Sunday and on public holidays we are closed."
    )


def answer_help(_conversation: Conversation, _text: str) -> Answer:
    """What can be asked for."""
    return Answer(
        text=f"{OFFER} You may interrupt me whenever you like. Say goodbye when you are done."
    )


def answer_again(conversation: Conversation, _text: str) -> Answer:
    """The last answer once more."""
    return Answer(text=f"I said: {conversation.last_answer or OFFER}")


def answer_thanks(_conversation: Conversation, _text: str) -> Answer:
    """Thanks are returned."""
    return Answer(text="You are welcome. Is there anything else that I can do for you?")


def answer_yes(_conversation: Conversation, _text: str) -> Answer:
    """Agreement, which asks for nothing yet."""
    return Answer(text=f"Good. {OFFER} Which one would you like?")


def answer_no(_conversation: Conversation, _text: str) -> Answer:
    """Refusal; a caller who is done says goodbye."""
    return Answer(text="All right. Ask me something else, or say goodbye when you are done.")


def answer_wait(_conversation: Conversation, _text: str) -> Answer:
    """The caller needs a moment."""
    return Answer(text="Of course, take your time.")


def answer_never_mind(_conversation: Conversation, _text: str) -> Answer:
    """What was asked for is not wanted any more."""
    return Answer(text="No problem. Is there anything else that I can do for you?")


def ask_for_message(conversation: Conversation, _text: str) -> Answer:
    """The next turn will be the message."""
    conversation.awaits_message = True
    return Answer(text="You would like to leave a message. What is the message?")


def take_message(conversation: Conversation, text: str) -> Answer:
    """Whatever is said now is the message."""
    conversation.awaits_message = False
    conversation.messages.append(quoted(text))
    return Answer(
        text=f"Thank you. Your message is: {quoted(text)} I will pass it on. "
        "Is there anything else?"
    )


def forget_message(conversation: Conversation, _text: str) -> Answer:
    """The caller would rather not leave one."""
    conversation.awaits_message = False
    return Answer(text="All right, no message. What else can I do for you?")


def recall_messages(conversation: Conversation, _text: str) -> Answer:
    """The messages that were left in this call."""
    if not conversation.messages:
        return Answer(text="You have not left a message yet. You may leave one now, if you like.")
    return Answer(text=f"Your message is: {' '.join(conversation.messages)} I will pass it on.")


def say_goodbye(conversation: Conversation, _text: str) -> Answer:
    """The end of the call."""
    promise = "I will pass on your message. " if conversation.messages else ""
    return Answer(
        text=f"{promise}Thank you for calling {conversation.company}. Goodbye!", ends_call=True
    )


# --- the tables -----------------------------------------------------------------------


def rule(pattern: str, answer: AnswerFunction) -> tuple[re.Pattern[str], AnswerFunction]:
    """One row: `plain_words` that hold *pattern*, as whole words, get *answer*."""
    return re.compile(rf"\b(?:{pattern})\b"), answer


# The order matters: "hello, what time is it?" is a question.
RULES: Final = (
    rule(r"good ?bye|bye|see you|hang up|(?:thats|that is|that was|thatll be) all", say_goodbye),
    rule(r"no thanks|no thank you", say_goodbye),
    rule(r"never mind|forget it", answer_never_mind),
    rule(r"wait|(?:one|just a) moment|hold on", answer_wait),
    rule(r"my messages?|read it back", recall_messages),
    rule(r"messages?|call (?:me|us) back", ask_for_message),
    rule(r"hours|open|opening|close|closed|closing", answer_hours),
    rule(r"time|o ?clock|how late", answer_time),
    rule(r"hear me|still there|anybody there|anyone there", answer_presence),
    rule(r"who|whos|your name|are you (?:a|an|human|real)", answer_name),
    rule(r"how are you|how do you do", answer_well_being),
    rule(r"again|repeat|pardon", answer_again),
    rule(r"help|what can (?:you|i)", answer_help),
    rule(r"thanks|thank you", answer_thanks),
    rule(r"^(?:hello|hi|hey|good (?:morning|afternoon|evening|day))", answer_greeting),
    rule(r"^(?:yes|yeah|yep|sure|okay|ok|please)", answer_yes),
    rule(r"^(?:no|nope|nothing|not now)", answer_no),
)

# While a message is awaited everything else is the message, even "what time is it?".
RULES_FOR_MESSAGE: Final = (
    rule(r"^(?:good ?bye|bye|bye bye)$", say_goodbye),
    rule(r"^(?:never ?mind|cancel|forget it|no message|no thanks|no thank you)$", forget_message),
    rule(r".*", take_message),
)

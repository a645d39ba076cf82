"""Conversations in which a service is slow, or fails."""

from typing import Final

from tests.day.conversation import Conversation, hangs_up, says
from tests.day.ears import Hearing, Lag
from tests.day.mind import Break, Think
from tests.day.turns import HOURS, QUESTION
from tests.day.voices import Hoarse, Trouble

TWO_QUESTIONS: Final = (QUESTION, says("And on Sunday?"))
TWO_ANSWERS: Final = ("At nine.", "Never.")

FAULTS: Final = (
    Conversation(
        name="slow-agent",
        about="The agent is slow, so they hear a filler, of which no record is made.",
        steps=(QUESTION,),
        replies=((Think(seconds=2.5), HOURS),),
        hang_up_when_done=False,
        hangs_up_after_s=10.0,
        settings={"turn": {"filler": "Let me see."}},
    ),
    Conversation(
        name="agent-stalls",
        about="The agent gives no word of its answer.",
        steps=(QUESTION,),
        replies=((Think(),),),
        hang_up_when_done=False,
        settings={"response_timeout_ms": 4000},
    ),
    Conversation(
        name="agent-stalls-once",
        about="The agent gives no word at first, and an answer when it is asked again.",
        steps=(QUESTION,),
        replies=((Think(),), HOURS),
        hang_up_when_done=False,
        hangs_up_after_s=12.5,
        settings={"response_timeout_ms": 4500},
    ),
    Conversation(
        name="agent-breaks-off",
        about="The agent fails in the middle of its answer.",
        steps=(QUESTION,),
        replies=(("We open at nine. And we close", Break()),),
        hang_up_when_done=False,
    ),
    Conversation(
        name="voice-stalls",
        about="The synthesizer gives no sound for a sentence, ever.",
        steps=(QUESTION,),
        replies=(HOURS,),
        hoarse=(Hoarse(word="close", trouble=Trouble.STALLS, times=99),),
        hang_up_when_done=False,
        settings={"tts": {"timeout_ms": 2000}},
    ),
    Conversation(
        name="voice-fails-once",
        about="The synthesizer fails before the first sound of a sentence, and is asked again.",
        steps=(QUESTION,),
        replies=(HOURS,),
        hoarse=(Hoarse(word="close", trouble=Trouble.FAILS),),
        hang_up_when_done=False,
        hangs_up_after_s=8.0,
    ),
    Conversation(
        name="voice-breaks-off",
        about="The synthesizer fails in the middle of a sentence.",
        steps=(QUESTION,),
        replies=(HOURS,),
        hoarse=(Hoarse(word="close", trouble=Trouble.BREAKS),),
        hang_up_when_done=False,
        hangs_up_after_s=9.5,
    ),
    Conversation(
        name="voice-never",
        about="The synthesizer gives no sound at all, not even of what is said when all fails.",
        hoarse=(Hoarse(word="", trouble=Trouble.STALLS, times=99),),
        hang_up_when_done=False,
        settings={"tts": {"timeout_ms": 1000}},
        longest_silence_s=10.0,
    ),
    Conversation(
        name="agent-hopeless",
        about="The agent fails so that to ask it again would be in vain.",
        steps=(QUESTION,),
        replies=((Break(is_hopeless=True),),),
        hang_up_when_done=False,
    ),
    Conversation(
        name="ears-lost",
        about="The transcriber fails for good while they speak for the second time.",
        steps=TWO_QUESTIONS,
        replies=TWO_ANSWERS,
        hearing=Hearing(fails_at=2),
        hang_up_when_done=False,
    ),
    Conversation(
        name="words-late",
        about="Their words come seconds after their voice: they hear so, and are answered then.",
        steps=TWO_QUESTIONS,
        replies=TWO_ANSWERS,
        hearing=Hearing(tells_early=False, lag=Lag(first_s=3.0)),
    ),
    Conversation(
        name="words-late-and-the-agent-stalls",
        about="Their words come late, and then the agent gives none: they wait no longer for us.",
        steps=(QUESTION,),
        replies=((Think(),), HOURS),
        hearing=Hearing(lag=Lag(first_s=2.2)),
        hang_up_when_done=False,
        hangs_up_after_s=12.5,
        settings={"response_timeout_ms": 3000},
    ),
    Conversation(
        name="words-never",
        about="Their words are never certain, so what the transcriber has guessed is answered.",
        steps=(QUESTION,),
        replies=("At nine.",),
        hearing=Hearing(lag=Lag(first_s=60.0)),
        hang_up_when_done=False,
        hangs_up_after_s=11.0,
        longest_silence_s=3.5,
    ),
    Conversation(
        name="words-lost",
        about="Their words never come: they are asked to say it again, then told that it is over.",
        steps=(QUESTION, says("What time?", when="answered", after_s=12.5)),
        hearing=Hearing(tells_early=False, lag=Lag(first_s=60.0)),
        hang_up_when_done=False,
    ),
    Conversation(
        name="words-doubled",
        about="All of their words come twice, the second time while we answer or behind that.",
        steps=TWO_QUESTIONS,
        replies=TWO_ANSWERS,
        hearing=Hearing(lag=Lag(again_s=(0.2, 1.2, 3.5))),
    ),
    Conversation(
        name="words-out-of-order",
        about="The words of a sentence's end come before those of its beginning.",
        steps=(says("I would like to [0.8] book a table."),),
        replies=("Certainly.",),
        hearing=Hearing(lags={1: Lag(first_s=1.9)}),
    ),
    Conversation(
        name="words-of-before",
        about="The words of their first question come once more while they ask the second.",
        steps=(*TWO_QUESTIONS, hangs_up(after_s=1.0)),
        replies=TWO_ANSWERS,
        hearing=Hearing(lags={1: Lag(again_s=(3.0,))}),
    ),
)

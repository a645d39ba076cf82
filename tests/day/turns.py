"""Conversations about when a turn is over, and what it consists of."""

from typing import Final

from tests.day.conversation import Conversation, hangs_up, presses, says
from tests.day.ears import Hearing
from tests.day.mind import Think
from voicecalld.agent.base import PressKeys
from voicecalld.call.record import Mode

QUESTION: Final = says("What time do you open?")
HOURS: Final = "We open at nine. And we close at five."

RAMBLING: Final = (
    "Well you see, it all began last year, when my cousin came to visit us with her two children "
    "and that little dog of theirs, and we went to the sea, where it rained for nine days, "
    "and then the car broke down on the way home, and nobody would stop to help us, "
    "so we walked to the nearest village, which was not near at all, and there we found"
)

# Only to be allowed to ask it in vain.
STATELESS: Final = {"provider": "openai", "openai": {"model": "none", "api_key": "none"}}

TURNS: Final = (
    Conversation(
        name="back-and-forth",
        about="They ask twice, are answered, and hang up.",
        opening="Hello, this is the restaurant.",
        steps=(QUESTION, says("Thank you very much.")),
        replies=(HOURS, "You are welcome."),
    ),
    Conversation(
        name="they-begin",
        about="We have nothing to say first, so they do.",
        opening="",
        steps=(says("Hello?", when="answered", after_s=0.5),),
        replies=("Who is there?",),
    ),
    Conversation(
        name="slow-ears",
        about="The transcriber tells no word early, so a fixed silence ends their turn.",
        steps=(QUESTION,),
        replies=(HOURS,),
        hearing=Hearing(tells_early=False),
    ),
    Conversation(
        name="pause-in-a-sentence",
        about="They stop in the middle of a sentence to think, and are not cut off.",
        steps=(says("I would like to [1.0] book a table for two."),),
        replies=("Certainly.",),
    ),
    Conversation(
        name="number-in-groups",
        about="They read out a number, with a pause behind each group.",
        steps=(says("My number is five five five [0.5] zero one two [0.5] nine eight seven."),),
        replies=("Thank you.",),
    ),
    Conversation(
        name="adds-something",
        about="They go on while the agent thinks, and it answers all that they have said.",
        steps=(says("I want a table. [0.54] For Sunday."),),
        replies=((Think(seconds=0.5), "A table."), "A table for Sunday."),
    ),
    Conversation(
        name="adds-something-late",
        about="They go on just before the answer is heard: they hear only that to all of it.",
        steps=(says("I want a table. [0.54] For Sunday."),),
        replies=("A table.", "A table for Sunday."),
    ),
    Conversation(
        name="thinking-ahead",
        about="The agent is asked before their turn is over, and again when they add something.",
        steps=(says("I want a table. [0.54] For Sunday."), says("At eight please.")),
        replies=((Think(seconds=0.5), "A table."), "A table for Sunday.", "At eight."),
        settings={"turn": {"speculative": True}, "agent": STATELESS},
    ),
    Conversation(
        name="never-stops-talking",
        about="They talk until the call has been as long as it may be.",
        steps=(says(RAMBLING),),
        settings={"max_duration_seconds": 9},
    ),
    Conversation(
        name="silence",
        about="They say nothing: they are asked once whether they are there, and given up.",
        hang_up_when_done=False,
        settings={"turn": {"silence_timeout_seconds": 4.0}},
        longest_silence_s=4.5,
    ),
    Conversation(
        name="hold-music",
        about="They put us on hold while we speak: nobody has interrupted us, or said anything.",
        opening="Hello, this is the restaurant, which calls because of your table.",
        steps=(
            says("[music 4]", when="agent-speaks", after_s=1.0),
            says("I am back.", when="answered", after_s=6.0),
        ),
        replies=("It is ready.",),
    ),
    Conversation(
        name="keys-while-we-speak",
        about="They press keys while we say which: we go on, and then the agent gets them.",
        opening="Press one for a table, two for our hours, and the pound key at the end.",
        steps=(
            presses("12#", when="agent-speaks", after_s=1.5),
            hangs_up(when="answered", after_s=8.5),
        ),
        replies=("Thank you.",),
    ),
    Conversation(
        name="keys-while-we-think",
        about="They press a key while the agent thinks: what it thought of is not said.",
        steps=(QUESTION, presses("1", when="answered", after_s=3.2)),
        replies=(HOURS, "You have pressed one."),
    ),
    Conversation(
        name="agent-presses-keys",
        about="The agent presses keys behind the words that announce them.",
        steps=(says("For the office press one."),),
        replies=(("I press one now.", PressKeys(digits="1"), " Done."),),
    ),
    Conversation(
        name="notification",
        about="A message is said to its end, though they speak over it, and nobody answers them.",
        mode=Mode.NOTIFY,
        opening="Your table is ready. Please come within ten minutes.",
        steps=(says("Who is speaking?", when="agent-speaks", after_s=1.0),),
        hang_up_when_done=False,
        settings={"outbound": {"notify_hangup_delay_seconds": 2}},
    ),
    Conversation(
        name="agent-stalls-and-they-ask",
        about="The agent gives no word, and they ask again and again: their patience counts once.",
        steps=(
            QUESTION,
            *(says("Hello?", when="answered", after_s=at_s + 0.2) for at_s in range(6, 46, 4)),
        ),
        replies=((Think(),),),
        hang_up_when_done=False,
        settings={"response_timeout_ms": 8900},
    ),
)

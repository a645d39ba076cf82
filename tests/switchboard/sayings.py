"""What is said on the calls of many tests."""

from tests.fakes.agent_fakes import ScriptedReply
from voicecalld.agent.base import EndCall, SayText

TABLE = "Your table is ready."
HOURS = "We are open from Monday to Friday, from nine to five, and on Saturday until noon."
GOODBYE: ScriptedReply = [SayText(text="Good"), SayText(text="bye."), EndCall()]

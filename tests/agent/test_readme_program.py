"""The program that the README has for an agent does what is written there."""

import re
import sys
from pathlib import Path

from tests.agent.chat_rig import BRIEFING, outputs
from tests.agent.programs import ENVIRONMENT
from voicecalld.agent.base import CallerTurn, EndCall, SayText
from voicecalld.agent.command import CommandAgent
from voicecalld.agent.program_lines import parse_line

README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("### A program as the agent\n")[2].partition("\n## ")[0]


async def test_the_program_in_the_readme_answers_and_ends_the_call(tmp_path: Path) -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)
    file = tmp_path / "agent.py"
    file.write_text(program)
    agent = CommandAgent(argv=(sys.executable, str(file)), environment=ENVIRONMENT)

    async with agent.open(BRIEFING) as session:
        first = await outputs(session, CallerTurn(text="", digits="12"))
        heard = "".join(output.text for output in first if isinstance(output, SayText))
        second = await outputs(session, CallerTurn(text="why", heard_before=heard))
        last = await outputs(session, CallerTurn(text="Goodbye then"))

    assert SayText(text="The last was: the keys 12\n") in first
    assert second[0] == SayText(text="You have said 2 things.\n")
    assert last == [SayText(text="Goodbye!\n"), EndCall()]


def test_the_lines_in_the_readme_are_understood() -> None:
    orders = re.findall(r"`(\{[^`]+\})` \|", SECTION)

    assert len(orders) == 4
    assert all(parse_line(order.encode()) for order in orders)

"""Programs such as users write, each as the command that runs it."""

import sys
from collections.abc import Mapping
from typing import Final

ENVIRONMENT: Final[Mapping[str, str]] = {"LC_ALL": "C.UTF-8"}

# Says one word a line, remembers all it was told, and reads nothing meanwhile.
TALKER: Final = """
import json, sys
told = []
for line in sys.stdin:
    turn = json.loads(line)
    told.append(turn["text"])
    for word in ("You said " + ", ".join(told)).split():
        print(word)
    print()
"""

# Says what it got.
MIRROR: Final = """
import sys
for line in sys.stdin:
    print("got", line.strip())
    print('{"done": true}')
"""


def python(source: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", source)


def answering(*lines: str, then: str = "sys.stdin.read()") -> tuple[str, ...]:
    """Answers the first turn with *lines*, then does *then*."""
    text = "\n".join(lines)
    return python(
        f"import os, sys, time\nsys.stdin.readline()\nprint({text!r}, flush=True)\n{then}"
    )


def shell(script: str) -> tuple[str, ...]:
    return ("/bin/sh", "-c", script)

"""The golden transcripts: files that people read, and that the day must come out alike to."""

import difflib
from pathlib import Path
from typing import Final

from tests.day.conversation import Conversation
from tests.day.play import Outcome

FOLDER: Final = Path(__file__).parent / "transcripts"
RENEW: Final = "python -m tests.day --write"


def golden_path(carrier: str, conversation: Conversation) -> Path:
    """Where the transcript of *conversation* at *carrier* is: that of all, or one of its own."""
    own = f".{carrier}" if carrier in conversation.differs else ""
    return FOLDER / f"{conversation.name}{own}.txt"


def compare(carrier: str, outcome: Outcome) -> str:
    """How *outcome* differs from its golden transcript; empty if it does not."""
    path = golden_path(carrier, outcome.conversation)
    golden = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = difflib.unified_diff(
        golden.splitlines(), outcome.render().splitlines(), path.name, f"at {carrier}", lineterm=""
    )
    return "\n".join(lines)

"""What the other party has heard of us since the agent was last told of a turn of theirs."""

from typing import Final

CUT_SHORT: Final = "\u2026"


class OurWords:
    """Grows by what is heard; what the agent was told of goes when something new is heard.

    So it is told of the same words again where nothing was heard of its answer.
    """

    def __init__(self) -> None:
        self.text = ""
        self.is_cut = False  # its last words
        self.is_told = True
        self.is_going_on = False  # with the rest of what was cut short

    def tell(self) -> None:
        """The agent is told of all that there is."""
        self.is_told = True

    def go_on(self) -> None:
        """What is said next is the rest of what was cut short."""
        self.is_going_on = True

    def add(self, text: str, *, is_cut: bool) -> None:
        """A turn of ours is over, and *text* was heard of it; ``is_cut`` if it was cut short."""
        is_rest, self.is_going_on = self.is_going_on, False
        if not text:
            return
        if self.is_told:
            self.text = text
        else:
            mark = CUT_SHORT if self.is_cut and not is_rest else ""
            self.text = f"{self.text}{mark} {text}"
        self.is_cut, self.is_told = is_cut, False

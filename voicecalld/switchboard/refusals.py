"""What was refused of one carrier, for calls that end without a word from it.

A carrier whose every webhook is refused looks, from here, like one that says nothing: a call that
is placed with it rings until nobody waits any longer, though it was answered.
"""


class Refusals:
    """Counts the webhooks of one carrier that were refused; ``reason`` is why the latest was."""

    def __init__(self) -> None:
        self.count = 0
        self.reason = ""

    def note(self, reason: str) -> None:
        """Count one more; *reason* is words of ours."""
        self.count += 1
        self.reason = reason

    def describe_since(self, count: int, provider: str) -> str:
        """What of *provider* was refused since there were *count*, in words; empty if nothing.

        Anybody can send what is refused, so it is told only where nothing else explains anything.
        """
        more = self.count - count
        if not more:
            return ""
        webhooks, were = ("webhook", "was") if more == 1 else ("webhooks", "were")
        return f"{more} {webhooks} for {provider} {were} refused meanwhile: {self.reason}"

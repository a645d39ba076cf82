"""Webhooks that were seen before: answered again, obeyed once."""

from collections import OrderedDict

from voicecalld.provider.http import Reply

# What a busy daemon is sent in an hour.
MAX_REMEMBERED = 10_000


class ReplayGuard:
    """Remembers the answers to genuine webhooks by their replay keys, the newest of them."""

    def __init__(self, window_s: float, capacity: int = MAX_REMEMBERED) -> None:
        self.window_s = window_s
        self.capacity = capacity
        self.answers: OrderedDict[str, tuple[float, Reply]] = OrderedDict()

    def remember(self, key: str, reply: Reply, unix_s: float) -> None:
        """Answer *key* with *reply* from now on."""
        self.answers[key] = (unix_s, reply)
        self.answers.move_to_end(key)
        while len(self.answers) > self.capacity or self._is_oldest_over(unix_s):
            self.answers.popitem(last=False)

    def recall(self, key: str) -> Reply | None:
        """What *key* was answered with, if it was."""
        remembered = self.answers.get(key)
        return None if remembered is None else remembered[1]

    def _is_oldest_over(self, unix_s: float) -> bool:
        at_s, _ = next(iter(self.answers.values()))
        return unix_s - at_s > self.window_s

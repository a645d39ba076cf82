"""Webhooks that come to the wrong place: whose they are, and where they belong.

Which headers a request has is no proof of anything: what is said here is for the log alone.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Final

import structlog

from voicecalld.net.noise import Noise
from voicecalld.printable import printable
from voicecalld.switchboard.services import CarrierAccess

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

LONGEST_PATH: Final = 64
"""Characters of a path that anybody has chosen."""

NOWHERE: Final = "there is nothing at their path"


def find_sender(
    headers: Mapping[str, str], carriers: Mapping[str, CarrierAccess]
) -> CarrierAccess | None:
    """The one of *carriers* that signs with these *headers*; None if it is none of them."""
    for carrier in carriers.values():
        if headers.keys() >= {*carrier.provider.signature_headers}:
            return carrier
    return None


def explain_unsigned(own: CarrierAccess, sender: CarrierAccess | None) -> str:
    """Why a webhook is not one of *own*'s, though it comes to its path; it may be *sender*'s."""
    missing = f"no {own.name.title()} signature"
    if sender is None:
        return missing
    other, url = sender.name.title(), sender.links.webhook_url
    return f"{missing}; it looks like {other}'s, whose URL is {url}"


def show_path(path: str) -> str:
    """The beginning of a *path* that anybody may have sent, without its query."""
    return printable(path.partition("?")[0][:LONGEST_PATH])[:LONGEST_PATH]


class WrongPaths:
    """Tells now and then of requests at other paths than *paths*, where *carriers* come in.

    What looks like a carrier's is told of by itself, so that no scanner of the internet hides it.
    """

    def __init__(
        self,
        paths: Collection[str],
        carriers: Mapping[str, CarrierAccess],
        now_s: Callable[[], float],
    ) -> None:
        self.paths = sorted(paths)
        self.carriers = carriers
        self.noise = Noise(now_s)

    def note(self, path: str, headers: Mapping[str, str], client: str) -> None:
        """Count a request at *path*, of which *client* is the latest example."""
        sender = find_sender(headers, self.carriers)
        if sender is not None:
            sender.refusals.note(NOWHERE)
        count = self.noise.count("" if sender is None else sender.name)
        if not count:
            return
        looks_like = {} if sender is None else {"provider": sender.name}
        shown, paths = show_path(path), self.paths
        log.warning(
            "no such path", path=shown, paths=paths, count=count, peer=client, **looks_like
        )

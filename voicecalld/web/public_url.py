"""The URL that a carrier believes to have asked, which is the one that it has signed.

`public_url` says it, and nothing in a request can change that. Without it a proxy may say it in
forwarding headers, if it is one that is trusted and names a host that is allowed. The ``Host``
header is never believed: whoever sends a request chooses it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from voicecalld.edge_settings import HOST
from voicecalld.web.client_address import is_among

SCHEMES = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicUrls:
    """What the settings say about our URLs; ``address`` is where this machine itself listens."""

    public_url: str
    address: str
    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    trusts_any_host: bool = False

    def webhook_url(self, path: str) -> str:
        """The URL that carriers are told; *path* is where this machine has the webhooks.

        Without a `public_url` it is that of the first host that a proxy may name. Without that
        too, carriers can only be on this machine.
        """
        if self.public_url:
            return self.public_url
        if self.trusted_proxies and self.allowed_hosts:
            return f"https://{self.allowed_hosts[0]}{path}"
        return f"http://{self.address}{path}"

    def signed_url(self, path: str, query: str, headers: Mapping[str, str], peer: str) -> str:
        """The URL that was asked, with the request's own *query*, exactly as it was sent."""
        if self.public_url:
            # A carrier's console may have been given the URL with a slash at its end.
            slash = "/" if path.endswith("/") and not self.public_url.endswith("/") else ""
            url = self.public_url + slash
        else:
            url = self.origin(headers, peer) + path
        return f"{url}?{query}" if query else url

    def origin(self, headers: Mapping[str, str], peer: str) -> str:
        """Scheme and host as the proxy *peer* says, if it may; else our own address."""
        host = headers.get("x-forwarded-host", "").strip().lower()
        if not is_among(peer, self.trusted_proxies) or not self.is_allowed(host):
            return f"http://{self.address}"
        scheme = headers.get("x-forwarded-proto", "").strip().lower()
        return f"{scheme if scheme in SCHEMES else 'https'}://{host}"

    def is_allowed(self, host: str) -> bool:
        """Whether a trusted proxy may say that *host* was asked."""
        return host in self.allowed_hosts or (
            self.trusts_any_host and re.fullmatch(HOST, host) is not None
        )


def stream_url(webhook_url: str, webhook_path: str, stream_path: str) -> str:
    """Where carriers bring audio: beside the webhooks, also behind a proxy that adds a prefix.

    A proxy that gives the webhooks another path than ours, and not only a prefix, is to have the
    media streams where we have them.
    """
    parts = urlsplit(webhook_url)
    scheme = "wss" if parts.scheme == "https" else "ws"
    path = parts.path.rstrip("/")
    prefix = path.removesuffix(webhook_path) if path.endswith(webhook_path) else ""
    return f"{scheme}://{parts.netloc}{prefix}{stream_path}"

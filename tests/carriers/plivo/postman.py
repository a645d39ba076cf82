"""Plivo's webhooks: signed anew for each delivery, and tried again as their URL says."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.carriers.plivo.signer import Signer
from tests.carriers.plivo.wire import Warned
from tests.carriers.postman import Letter, Patience, Postman
from tests.carriers.services import Services
from voicecalld.provider.http import HttpRequest

# A document is asked for twice if the first answer takes too long: ct and rt of the URL.
DEFAULTS: Mapping[str, str] = {"rt": "40000", "tt": "55000", "rc": "1", "rp": "ct,rt"}
# Reports are sent once: Plivo promises no more than its best effort.
REPORT_S = 40.0


def build_request(signer: Signer, method: str, url: str, fields: Mapping[str, str]) -> HttpRequest:
    """One delivery; a fragment of its URL is neither sent nor signed."""
    url = urlsplit(url)._replace(fragment="").geturl()
    if method == "GET":
        url += ("&" if urlsplit(url).query else "?") + urlencode(fields)
        fields = {}
    headers = {"User-Agent": "Plivo/1.0", "Accept": "*/*", **signer.sign(method, url, fields)}
    if method == "GET":
        return HttpRequest(method=method, url=url, headers=headers)
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    return HttpRequest(method=method, url=url, headers=headers, body=urlencode(fields).encode())


def read_patience(url: str) -> Patience:
    """How hard Plivo tries, by the fragment of a URL, such as ``#rt=5000&rc=2&rp=rt,5xx``."""
    wanted = {**DEFAULTS, **dict(parse_qsl(urlsplit(url).fragment))}
    reasons = set(wanted["rp"].split(","))
    everything = "all" in reasons
    statuses = {hundred for hundred in (4, 5) if everything or f"{hundred}xx" in reasons}
    return Patience(
        longest_s=min(int(wanted["rt"]), int(wanted["tt"])) / 1000,
        tries=1 + int(wanted["rc"]),
        after_no_connection=everything or "ct" in reasons,
        after_silence=everything or "rt" in reasons,
        after_statuses=frozenset(statuses),
    )


class PlivoPostman(Postman):
    """The webhooks of one call."""

    asks_code: int = Warned.NO_DOCUMENT
    reports_code: int = Warned.REPORT_NOT_TAKEN

    def __init__(self, services: Services, call: str, signer: Signer) -> None:
        super().__init__(services, call)
        self._signer = signer

    def build(self, letter: Letter) -> tuple[HttpRequest, str]:
        """One delivery, told from all others by its nonce."""
        request = build_request(self._signer, letter.method, letter.url, letter.fields)
        return request, request.headers["X-Plivo-Signature-V3-Nonce"]

    def patience(self, letter: Letter) -> Patience:
        """How hard Plivo tries."""
        if letter.event == "asks":
            return read_patience(letter.url)
        return Patience(longest_s=REPORT_S, tries=1)

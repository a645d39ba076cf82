"""Twilio's webhooks, signed by Twilio's own library."""

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from twilio.request_validator import RequestValidator

from tests.carriers.postman import Letter, Patience, Postman
from voicecalld.provider.http import HttpRequest

PATIENCE = Patience(longest_s=15.0, tries=2)


def sign(auth_token: str, url: str, fields: Mapping[str, str]) -> str:
    """The value of X-Twilio-Signature."""
    return str(RequestValidator(auth_token).compute_signature(url, dict(fields)))


def build_request(
    auth_token: str, method: str, url: str, fields: Mapping[str, str], token: str
) -> HttpRequest:
    """One webhook; a fragment of its URL is neither sent nor signed."""
    url = urlsplit(url)._replace(fragment="").geturl()
    if method == "GET":
        url += ("&" if urlsplit(url).query else "?") + urlencode(fields)
        fields = {}
    headers = {
        "User-Agent": "TwilioProxy/1.1",
        "Accept": "*/*",
        "I-Twilio-Idempotency-Token": token,
        "X-Twilio-Signature": sign(auth_token, url, fields),
    }
    if method == "GET":
        return HttpRequest(method=method, url=url, headers=headers)
    headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
    return HttpRequest(method=method, url=url, headers=headers, body=urlencode(fields).encode())


class TwilioPostman(Postman):
    """The webhooks of one call."""

    def build(self, letter: Letter) -> tuple[HttpRequest, str]:
        """One delivery; the token is the same for all of one webhook."""
        secret = self.services.secret
        request = build_request(secret, letter.method, letter.url, letter.fields, letter.token)
        return request, letter.token

    def patience(self, letter: Letter) -> Patience:  # noqa: ARG002 - it is the same for all
        """A customer that cannot be reached gets a second chance."""
        return PATIENCE

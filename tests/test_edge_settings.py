"""Addresses, paths and hosts of the door to the internet."""

import pytest
from pydantic import ValidationError

from voicecalld.edge_settings import (
    ServeSettings,
    StreamingSettings,
    WebhookSecuritySettings,
    is_loopback,
)


@pytest.mark.parametrize("bind", ["localhost", "", "0.0.0.0/0", "127.1", "[::1]", "1.2.3.4:80"])
def test_what_is_no_address_cannot_be_listened_at(bind: str) -> None:
    with pytest.raises(ValidationError, match="IP address"):
        ServeSettings(bind=bind)


@pytest.mark.parametrize(
    "path",
    ["", "/", "voice", "/voice/", "/a b", "/a?b", "/a%2Fb", "/a#b", "/a\n", "/" + "a" * 300],
)
def test_a_path_that_could_be_mistaken_is_refused(path: str) -> None:
    with pytest.raises(ValidationError):
        ServeSettings(path=path)
    with pytest.raises(ValidationError):
        StreamingSettings(stream_path=path)


@pytest.mark.parametrize("host", ["", "A.example", "a b", "a/b", "user@a", "a:", "*", ".a", "a\n"])
def test_a_host_is_a_name_in_lower_case(host: str) -> None:
    with pytest.raises(ValidationError):
        WebhookSecuritySettings(allowed_hosts=(host,))


@pytest.mark.parametrize("proxy", ["proxy.example", "10.0.0.0/33", "10.0.0.1/8", ""])
def test_a_proxy_is_an_address_or_a_network(proxy: str) -> None:
    with pytest.raises(ValidationError, match="a network such as"):
        WebhookSecuritySettings(trusted_proxy_ips=(proxy,))


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "::ffff:0:0/96"])
def test_not_everybody_can_be_a_trusted_proxy(network: str) -> None:
    with pytest.raises(ValidationError, match="every address"):
        WebhookSecuritySettings(trusted_proxy_ips=("127.0.0.1", network))


def test_hosts_and_proxies_come_as_arrays() -> None:
    security = WebhookSecuritySettings.model_validate(
        {
            "allowed_hosts": ["voice.example.com", "a.example:8443"],
            "trusted_proxy_ips": ["10.0.0.0/8", "::1", "2001:db8::/32"],
        }
    )

    assert security.allowed_hosts == ("voice.example.com", "a.example:8443")
    assert security.trusted_proxy_ips == ("10.0.0.0/8", "::1", "2001:db8::/32")


@pytest.mark.parametrize(
    ("address", "expected"),
    [("127.0.0.1", True), ("::1", True), ("10.0.0.1", False), ("::", False), ("", False)],
)
def test_only_this_machine_is_loopback(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected

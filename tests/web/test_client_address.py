import pytest

from voicecalld.web.client_address import Proxies, household, is_among, parse_address

PROXY = "10.0.0.1"


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("198.51.100.7", [], "198.51.100.7"),
        # who is no proxy of ours may write what it likes
        ("198.51.100.7", ["203.0.113.9"], "198.51.100.7"),
        (PROXY, ["203.0.113.9"], "203.0.113.9"),
        # what is left of the client, the client has written
        (PROXY, ["10.0.0.2, 203.0.113.9"], "203.0.113.9"),
        (PROXY, ["1.1.1.1, 203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        (PROXY, ["1.1.1.1", "203.0.113.9", "10.0.0.2"], "203.0.113.9"),
        (PROXY, ["203.0.113.9,\t10.0.0.2 "], "203.0.113.9"),
        # all of them are ours: the first of them has asked
        (PROXY, ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        # what is no address says nothing, nor does what is left of it
        (PROXY, [], PROXY),
        (PROXY, [""], PROXY),
        (PROXY, ["unknown"], PROXY),
        (PROXY, ["203.0.113.9, unknown"], PROXY),
        (PROXY, ["203.0.113.9, 300.1.1.1, 10.0.0.2"], "10.0.0.2"),
        (PROXY, ["203.0.113.9, ٣.1.1.1"], PROXY),
        # with a port
        (PROXY, ["203.0.113.9:4711"], "203.0.113.9"),
        (PROXY, ["[2001:db8::9]:4711"], "2001:db8::9"),
        (PROXY, ["[2001:db8::9]"], "2001:db8::9"),
        (PROXY, ["2001:DB8::9"], "2001:db8::9"),
        # IPv4 in the clothes of IPv6
        ("::ffff:10.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9"),
        ("::ffff:198.51.100.7", ["203.0.113.9"], "198.51.100.7"),
        ("fd00::1", ["203.0.113.9"], "203.0.113.9"),
        ("fe80::1%eth0", ["203.0.113.9"], "fe80::1"),
        ("no address", ["203.0.113.9"], "no address"),
    ],
)
def test_the_client_is_whom_the_last_proxy_of_ours_was_asked_by(
    peer: str, forwarded_for: list[str], client: str
) -> None:
    proxies = Proxies(["10.0.0.0/24", "fd00::/8"])

    assert proxies.client_of(peer, forwarded_for) == client


@pytest.mark.parametrize(
    ("network", "address", "is_in_it"),
    [
        ("10.0.0.0/8", "10.9.9.9", True),
        ("10.0.0.0/8", "11.0.0.0", False),
        ("10.0.0.1", "10.0.0.1", True),
        ("::ffff:10.0.0.0/104", "10.9.9.9", True),
        ("::ffff:10.0.0.0/104", "11.0.0.0", False),
        ("::ffff:10.0.0.0/104", "::ffff:10.9.9.9", True),
        ("2001:db8::/100", "2001:db8::1", True),
        ("::/0", "10.0.0.1", False),
        ("10.0.0.0/8", "", False),
        ("10.0.0.0/8", "10.0.0.1, 10.0.0.2", False),
    ],
)
def test_an_address_is_in_a_network_in_whichever_form_both_are_written(
    network: str, address: str, is_in_it: bool
) -> None:
    assert is_among(address, [network]) == is_in_it
    assert Proxies([network]).has(parse_address(address)) == is_in_it


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("no address", "no address"),
    ],
)
def test_neighbours_of_a_household_count_as_one(address: str, counted_as: str) -> None:
    assert household(address) == counted_as

"""Who is at the other end: the peer, or whom a trusted proxy speaks for."""

import ipaddress
import re
from collections.abc import Iterable
from typing import Final, TypeAlias

IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

# Some proxies append the port: 192.0.2.1:4711, [2001:db8::1]:4711.
WITH_PORT: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::[0-9]{1,5})?", re.ASCII)

PEER_EXTENSION: Final = "voicecalld.peer"
"""Where an ASGI scope says who really is at the other end: the client, or a proxy of ours.

``scope["client"]`` is the client. Whether a header of a proxy's is to be believed is asked of
``scope["extensions"][PEER_EXTENSION]["address"]``.
"""

MAPPED_PREFIX: Final = 96  # ::ffff:0:0/96 holds the addresses of IPv4; RFC 4291, 2.5.5.2


class Proxies:
    """The proxies that are believed, and what they say about whom they speak for."""

    def __init__(self, networks: Iterable[str]) -> None:
        self.networks = tuple(parse_network(text) for text in networks)

    def has(self, address: IpAddress | None) -> bool:
        """Whether *address* is that of a trusted proxy."""
        return address is not None and any(address in network for network in self.networks)

    def client_of(self, peer: str, forwarded_for: Iterable[str]) -> str:
        """The address that a request really comes from.

        Args:
            peer: the other end of the connection.
            forwarded_for: the values of all X-Forwarded-For, in their order.

        Every proxy appends the address that it was asked from. So they are read from the right,
        and the first that is no trusted proxy is the client: what is left of it, the client may
        have written itself. What is no address ends the reading likewise.
        """
        client = parse_address(peer)
        if client is None:
            return peer
        hops = ",".join(forwarded_for).split(",")
        while hops and self.has(client):
            hop = parse_hop(hops.pop())
            if hop is None:
                break
            client = hop
        return str(client)


def is_among(address: str, networks: Iterable[str]) -> bool:
    """Whether *address* is one of *networks*; what is no address is in none."""
    return Proxies(networks).has(parse_address(address))


def parse_hop(text: str) -> IpAddress | None:
    """The address in one item of X-Forwarded-For; ``None`` if there is none."""
    text = text.strip(" \t")
    found = WITH_PORT.fullmatch(text)
    return parse_address((found[1] or found[2]) if found else text)


def parse_address(text: str) -> IpAddress | None:
    """*text* as an address, one of IPv4 in its own form; ``None`` if it is no address."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])  # fe80::1%eth0
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def parse_network(text: str) -> IpNetwork:
    """*text*, which has been checked, as a network, one of IPv4 in its own form."""
    network = ipaddress.ip_network(text)
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= MAPPED_PREFIX:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return ipaddress.IPv4Network((mapped, network.prefixlen - MAPPED_PREFIX))
    return network


def household(address: str) -> str:
    """Whose limit an *address* counts against.

    A customer with IPv6 has 2**64 addresses at least, which are alike in their first half.
    """
    parsed = parse_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((parsed, 64), strict=False))
    return str(parsed or address)

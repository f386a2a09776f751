"""The network an address of the internet belongs to. Nothing is looked up and nothing is kept here."""

from __future__ import annotations

import ipaddress


def prefix_of(address: str | None) -> str:
    """What one household or line has: /24 of IPv4 and /56 of IPv6, like "192.0.2.0/24"; "unknown" if it is no
    address."""
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 56}", strict=False))

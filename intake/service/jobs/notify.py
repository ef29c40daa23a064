"""Tells systemd how the service is, if it was started by systemd (sd_notify(3))."""

import os
import socket
from collections.abc import Callable
from contextlib import suppress

# Whoever is told a state such as `READY=1`: systemd, or the process that supervises this one.
Tell = Callable[[str], None]


def notify(state: str) -> None:
    """Send a state such as `READY=1`. Nothing if nobody asked for it; a system that does not listen is no fault."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]  # Linux' abstract names
    with (
        suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as speaking,
    ):
        speaking.setblocking(False)
        speaking.sendto(state.encode(), address)

"""Cuts the network of every Python that finds this file: asking for another machine is noted, and fails.

Python imports a module of this name as it starts. The variable NETWORK_LOG says where to note it.
"""

import os
import socket
import sys

LOCAL = {None, "", "127.0.0.1", "::1", "0.0.0.0", "localhost", socket.gethostname()}
ASKED_BY_NAME = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
ASKED_BY_ADDRESS = {"socket.connect", "socket.sendto", "socket.sendmsg"}


def _refuse(event: str, arguments: tuple) -> None:
    if event in ASKED_BY_NAME:
        host = arguments[0]
    elif event in ASKED_BY_ADDRESS:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # a name in the file system is local
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host not in LOCAL:
        with open(os.environ["NETWORK_LOG"], "a", encoding="utf-8") as log:
            log.write(f"{event} {host}\n")
        raise OSError(f"the network is cut, and {host} was asked")


if "NETWORK_LOG" in os.environ:
    sys.addaudithook(_refuse)

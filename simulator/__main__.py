"""`python -m simulator --port 8001 [--identity 8003] [--data DIR]`: serve until Ctrl-C, SIGTERM, or the end of what started it."""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from simulator import identity
from simulator.loading import CONTENT
from simulator.site import start

LOOK_SECONDS = 0.5


def main() -> int:
    """Serve, say where, and end quietly."""
    parser = argparse.ArgumentParser(prog="python -m simulator", description="An Atlassian Cloud site to run against.")
    parser.add_argument("--port", type=int, default=8001, help="the site's port; the media host takes the next one")
    parser.add_argument("--data", type=Path, default=CONTENT, help="the folder with the content")
    parser.add_argument("--identity", type=int, help="a port for an identity provider; without it there is none")
    arguments = parser.parse_args()
    parent = os.getppid()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        running = start(arguments.port, arguments.data)
    except OSError as error:
        sys.stderr.write(f"Port {arguments.port} or the next one cannot be used: {error.strerror}.\n")
        return 1
    provider = None
    if arguments.identity is not None:
        try:
            provider = identity.start(arguments.identity)
        except OSError as error:
            running.stop()
            sys.stderr.write(f"Port {arguments.identity} cannot be used: {error.strerror}.\n")
            return 1
    sys.stdout.write(f"Simulated site {running.base_url}, media {running.media_url}\n")
    if provider is not None:
        sys.stdout.write(f"Simulated identity provider {provider.issuer}\n")
    sys.stdout.flush()
    # Whoever started it may have been killed, and would find the ports taken the next time.
    while os.getppid() == parent and not ended.wait(LOOK_SECONDS):
        pass
    running.stop()
    if provider is not None:
        provider.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())

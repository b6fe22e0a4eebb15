"""Row 2: readers of one link while wrong passwords are poured on others.

The flood keeps its rate whatever is answered, as attackers do: ten times what one core can hash. Once it comes from
an address of its own for each try, by way of a trusted proxy's header, so that the limit for each visitor never ends
it; once plainly, from one address.
"""

import asyncio
import random
import threading
from collections import Counter
from dataclasses import dataclass
from ipaddress import IPv4Address
from statistics import median
from time import monotonic
from typing import Self
from urllib.parse import urlencode

from bench import wrk
from bench.browser import Browser
from bench.content import PASSWORD
from bench.servers import Portal
from bench.wrk import Shot

#: Tries a second; a core hashes about four.
RATE = 40
MANY = "flood from many addresses"
ONE = "flood from one address"
#: Longer than any answer of the portal takes.
_PATIENCE_SECONDS = 20


@dataclass(frozen=True)
class Flooding:
    """What readers got alone and during one kind of flood, by round, and what the flood was answered."""

    name: str
    alone: tuple[Shot, ...]
    flooded: tuple[Shot, ...]
    #: How many tries were answered with which status; 0 where there was no answer.
    answers: Counter[int]

    @property
    def kept(self) -> float:
        """The part of their rate that readers kept, median of rounds."""
        return median(self.kept_by_round)

    @property
    def kept_by_round(self) -> list[float]:
        return [flooded.rate / alone.rate for alone, flooded in zip(self.alone, self.flooded, strict=True)]


def measure(portal: Portal, *, rounds: int, seconds: int) -> list[Flooding]:
    """Measure readers alone and flooded in turn; each round floods a link that was not flooded before."""
    reader = Browser(portal.port)
    reader.open_link(portal.tokens.read, PASSWORD)
    url, cookie = f"{portal.url}/s/{portal.tokens.read}/", reader.cookie_header
    fresh = iter(portal.tokens.flooded)
    found: dict[str, tuple[list[Shot], list[Shot], Counter[int]]] = {
        MANY: ([], [], Counter()),
        ONE: ([], [], Counter()),
    }
    wrk.shoot(url, 1, cookie=cookie)
    for _ in range(rounds):
        for name, (alone, flooded, answers) in found.items():
            alone.append(wrk.shoot(url, seconds, cookie=cookie))
            with _Flood(portal, next(fresh), many=name == MANY) as flood:
                flooded.append(wrk.shoot(url, seconds, cookie=cookie))
            answers.update(flood.answers)
    return [Flooding(name, tuple(alone), tuple(flooded), answers) for name, (alone, flooded, answers) in found.items()]


class _Flood:
    """Wrong passwords at a fixed rate from a thread of its own, for the length of the block."""

    def __init__(self, portal: Portal, token: str, *, many: bool) -> None:
        browser = Browser(portal.port)
        body = urlencode({"csrf_token": browser.form_token(f"/s/{token}/"), "password": "not the password"})
        self._port, self._many, self._body = portal.port, many, body
        self._head = (
            f"POST /s/{token}/password HTTP/1.1\r\nHost: localhost:{portal.port}\r\nConnection: close\r\n"
            f"Cookie: {browser.cookie_header}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Sec-Fetch-Site: same-origin\r\nContent-Length: {len(body)}\r\n"
        )
        self._ended = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._pour()))
        self.answers: Counter[int] = Counter()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    async def _pour(self) -> None:
        tries: list[asyncio.Task[int]] = []
        began = monotonic()
        while not self._ended.is_set():
            tries.append(asyncio.create_task(self._try()))
            # Late ones are caught up with: the rate holds however busy this core is.
            await asyncio.sleep(max(0.0, began + len(tries) / RATE - monotonic()))
        self.answers.update(await asyncio.gather(*tries))

    async def _try(self) -> int:
        caller = f"X-Forwarded-For: {IPv4Address(random.getrandbits(32) | 1 << 31)}\r\n" if self._many else ""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                try:
                    writer.write(f"{self._head}{caller}\r\n{self._body}".encode())
                    line = await reader.readline()
                    await reader.read()
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return 0
        return int(line.split()[1]) if line else 0

"""Asking again: at most once, after a short pause only, and never where asking twice would do something twice."""

import pytest

from app.integrations.atlassian.errors import RateLimited, Unreachable
from tests.integrations.atlassian.site import Reply, site, transport


class Sleeper:
    """Takes the place of sleeping."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.mark.parametrize(
    ("status", "headers", "slept", "retry_after"),
    [
        (429, {"Retry-After": "2"}, [2.0], None),
        (429, {"Retry-After": "0"}, [0.0], None),
        (503, {"Retry-After": "1"}, [1.0], None),
        (429, {"Retry-After": "3"}, [], 3.0),
        (429, {"Retry-After": "3600"}, [], 3600.0),
        (429, {}, [], None),
        (429, {"Retry-After": "soon"}, [], None),
        (503, {}, [], None),
        (503, {"Retry-After": "60"}, [], None),
    ],
)
def test_a_short_pause_is_made_once_and_a_long_one_is_told(
    status: int, headers: dict[str, str], slept: list[float], retry_after: float | None
) -> None:
    sleeper = Sleeper()
    with site() as peer, transport(peer.url, sleep=sleeper) as one:
        peer.answer("/x", Reply(status, {}, headers), Reply(200, {"a": 1}))
        if slept:
            assert one.get("/x") == {"a": 1}
        else:
            with pytest.raises(RateLimited if status == 429 else Unreachable) as caught:
                one.get("/x")
            assert getattr(caught.value, "retry_after", None) == retry_after
        assert sleeper.slept == slept
        assert len(peer.requests) == 1 + len(slept)


def test_being_limited_twice_is_told_after_one_pause() -> None:
    sleeper = Sleeper()
    with (
        site({"/x": lambda _: Reply(429, {}, {"Retry-After": "1"})}) as peer,
        transport(peer.url, sleep=sleeper) as one,
    ):
        with pytest.raises(RateLimited) as caught:
            one.get("/x")
        assert caught.value.retry_after == 1.0
        assert len(peer.requests) == 2


def test_a_pause_longer_than_the_time_left_is_not_made() -> None:
    sleeper = Sleeper()
    with (
        site({"/x": lambda _: Reply(429, {}, {"Retry-After": "2"})}) as peer,
        transport(peer.url, sleep=sleeper, total_timeout=1.0) as one,
        pytest.raises(RateLimited),
    ):
        one.get("/x")
    assert sleeper.slept == []


def test_a_write_is_never_sent_twice() -> None:
    sleeper = Sleeper()
    with (
        site({"/x": lambda _: Reply(429, {}, {"Retry-After": "1"})}) as peer,
        transport(peer.url, sleep=sleeper) as one,
    ):
        with pytest.raises(RateLimited):
            one.post("/x", {"a": 1})
        assert [request.body for request in peer.requests] == [b'{"a": 1}']


def test_the_last_word_about_limits_is_kept_for_display() -> None:
    with site() as peer, transport(peer.url) as one:
        peer.answer("/x", Reply(200, {}, {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "7"}), Reply(200, {}))
        one.get("/x")
        one.get("/x")
        assert one.rate_limit is not None
        assert (one.rate_limit.limit, one.rate_limit.remaining) == (100, 7)

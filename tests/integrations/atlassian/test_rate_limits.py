"""What headers say about limits, as tables."""

from datetime import UTC, datetime

import pytest

from app.integrations.atlassian.rate_limits import pause, retry_after, state

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "2"}, 2.0),
        ({"Retry-After": " 0 "}, 0.0),
        ({"Retry-After": "99999999999"}, 86_400.0),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "1.5"}, None),
        ({"Retry-After": "²"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Mon, 23 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"Retry-After": "Mon, 23 Nov 2026 11:00:00 GMT"}, 0.0),
    ],
)
def test_retry_after_is_a_number_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-RateLimit-Reset": "2026-11-23T12:01Z"}, 60.0),
        ({"X-RateLimit-Reset": "2026-11-23T12:00:05Z", "Retry-After": "7"}, 7.0),
        ({"X-RateLimit-Reset": "tomorrow"}, None),
        ({"X-RateLimit-Reset": "2026-11-23T11:00Z"}, 0.0),
    ],
)
def test_without_retry_after_the_reset_counts(headers: dict[str, str], seconds: float | None) -> None:
    assert pause(headers, NOW) == seconds


def test_the_state_holds_what_was_said() -> None:
    found = state(
        {
            "X-RateLimit-Limit": "100",
            "X-RateLimit-Remaining": "12",
            "X-RateLimit-Reset": "2026-11-23T12:01:00Z",
            "X-RateLimit-NearLimit": "true",
            "RateLimit-Reason": "jira-burst-based",
        },
        NOW,
    )
    assert found is not None
    assert (found.limit, found.remaining, found.near_limit, found.reason) == (100, 12, True, "jira-burst-based")
    assert found.reset_at == datetime(2026, 11, 23, 12, 1, tzinfo=UTC)
    assert found.observed_at == NOW


@pytest.mark.parametrize("headers", [{}, {"X-RateLimit-Limit": "many"}, {"X-RateLimit-NearLimit": "false"}])
def test_headers_that_say_nothing_are_no_state(headers: dict[str, str]) -> None:
    assert state(headers, NOW) is None

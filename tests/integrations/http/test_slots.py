"""How many threads may be inside one outside system."""

import threading

import pytest

from app.integrations.atlassian.errors import Busy
from app.integrations.http.slots import THREADS_PER_HOST, Slots


def test_the_fifth_is_told_at_once_that_the_host_is_busy() -> None:
    slots = Slots()
    places = [slots.take("one") for _ in range(THREADS_PER_HOST)]
    with pytest.raises(Busy) as caught:
        slots.take("one")
    assert caught.value.is_down
    slots.take("another")()
    places[0]()
    slots.take("one")()


def test_a_place_is_given_back_once_however_often_it_is_said() -> None:
    slots = Slots(limit=2)
    first, _second = slots.take("one"), slots.take("one")
    first()
    first()
    assert slots.taken("one") == 1


def test_many_threads_never_hold_more_places_than_there_are() -> None:
    slots, inside, highest, lock = Slots(limit=3), 0, 0, threading.Lock()

    def work() -> None:
        nonlocal inside, highest
        for _ in range(200):
            try:
                give_back = slots.take("one")
            except Busy:
                continue
            with lock:
                inside += 1
                highest = max(highest, inside)
            with lock:
                inside -= 1
            give_back()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= highest <= 3
    assert slots.taken("one") == 0

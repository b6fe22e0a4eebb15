"""Plain functions that make one thing each, with good defaults: `people.author(db)`, `links.link(db, max_views=3)`.

One module per area. A function takes an open session first and keyword arguments for whatever the test is about; it
writes through the area's service where there is one, so that what a test sees could have come about. No registries, no
sequences shared between tests, nothing random that a failure would not show.
"""

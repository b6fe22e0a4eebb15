"""What stands between angle brackets in the addresses of pages and operations, beyond what Werkzeug knows."""

from typing import Any

from werkzeug.routing import IntegerConverter, Map

from app.core import paging


class RowConverter(IntegerConverter):
    """The number of a row, as in `<row:entry_id>`; one that no row can have matches nothing, so it is answered 404."""

    def __init__(self, url_map: Map, **options: Any) -> None:
        super().__init__(url_map, max=paging.MAXIMUM_ID, **options)


CONVERTERS = {"row": RowConverter}

"""The read side of the administrators' pages: frozen rows, searched, filtered and paged by key in the database."""

#: Rows on one page of a list.
PAGE_SIZE = 50

"""The read side of the administrators' pages: frozen rows, searched, filtered, sorted and paged by key in the database."""

"""Reading the audit trail: filtered, paged by key, exported as CSV, with what is sealed and what is not yet.

Nothing here changes an entry, and nothing can. An export is itself recorded before its first byte. Cells that a spreadsheet
would take for a formula are made harmless. Start reading at `queries`.
"""

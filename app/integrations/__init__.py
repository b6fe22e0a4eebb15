"""Other people's systems, one folder each; nothing here knows Flask, the database or `core`."""

"""`python -m app.cli` is `portico`."""

from app.cli import main

main()

"""Processes that are killed, many at once, and a trail that cannot be written: what was acknowledged holds."""

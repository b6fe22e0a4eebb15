"""Parsers of hostile bytes under coverage-guided fuzzing: `make fuzz` searches, the suite replays what was found.

A target takes bytes and returns; anything it raises is a finding. Inputs worth keeping, findings above all, stand as
small files in `corpus/<target>/`.
"""

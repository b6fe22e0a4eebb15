"""Pictures of what readers see, to be looked at.

`python -m tests.documents.look sheets FOLDER [NAME …]` makes contact sheets of the corpus, by day, by night, on a phone and
on paper; `python -m tests.documents.look constructs` makes the pictures of `docs/reading.md` anew.
"""

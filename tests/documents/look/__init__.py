"""Pictures of what readers see, to be looked at.

`python -m tests.documents.look sheets FOLDER [NAME …]` makes contact sheets of the corpus, by day, by night, on a phone and
on paper.
"""

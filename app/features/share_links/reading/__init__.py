"""What a reader is shown: the content of a page or issue, its files, copies of both, and how fresh they are."""

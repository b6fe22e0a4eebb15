"""`python -m app.documents.paper`: one piece of work, then the end."""

import sys

from app.documents.paper.process import main

if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.protocols.saml.samples FOLDER`: what becomes of metadata that others publish, file by file.

Each file is read or refused with a sentence; anything else ends the program with a traceback.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from app.protocols.saml.errors import MetadataRefused
from app.protocols.saml.metadata import read_metadata


def main(folder: Path) -> None:
    """Print one line for each XML file, and how many were read."""
    read = refused = 0
    for file in sorted(folder.rglob("*.xml")):
        try:
            found = read_metadata(file.read_bytes(), now=datetime.now(UTC))
        except MetadataRefused as error:
            refused += 1
            print(f"refused  {file.name}: {error}")
        else:
            read += 1
            print(f"read     {file.name}: {', '.join(one.entity_id for one in found)}")
    print(f"{read} read, {refused} refused")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""The same company on its own machines: Confluence Data Center under /confluence, Jira Data Center under /jira.

Content, people and rights are those of the Cloud site; what differs is how they are asked for and written down.
"""

CONFLUENCE = "/confluence"
JIRA = "/jira"


def serves(path: str) -> bool:
    """Say whether an address is one of the Data Center half."""
    return path.startswith((f"{CONFLUENCE}/", f"{JIRA}/"))

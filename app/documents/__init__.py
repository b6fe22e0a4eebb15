"""Foreign content in, safe HTML out: Confluence storage format, Atlassian Document Format, wiki markup, Jira issues and comments.

Everything here is pure: no network, database or clock. What has to be looked up is gathered before and handed in as
`Material`; what comes out is a `Rendered` whose addresses are relative to the reader page, so that one rendering
serves every link. Start reading at `storage/__init__.py`, `adf/__init__.py`, `wiki/__init__.py` or `issue/__init__.py`; the last step of all
is `sanitise.clean`, and nothing that did not pass it may reach a browser.
"""

"""Stories played in a real browser, against a portal that was started as an operator starts it.

Each test reads as what people do. The browser checks every page by itself (`visitor.py`): axe-core, console, policy,
requests that leave the portal, width.
"""

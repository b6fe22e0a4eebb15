"""Guests of links: invitations with a link of their own, what is shared with somebody, reports, and being done."""

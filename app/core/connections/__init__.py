"""Connections to Atlassian sites, their credentials, and people's own accounts on them."""

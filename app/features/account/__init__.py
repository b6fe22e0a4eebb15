"""Signing in and one's own profile: password, sessions, API tokens, Atlassian accounts."""

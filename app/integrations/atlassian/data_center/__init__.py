"""Adapters for the products as companies host them themselves: Confluence's first interface and Jira's second.

Both are asked at one base address, which may have a context path, with a personal access token; files come from there as well.
"""

"""An Atlassian Cloud site to run against: Confluence v2 with what remains of v1, Jira v3, and a media host.

It is a program of its own, speaks real HTTP, keeps its state in memory and is never imported by the product.
Only routes that the product or a test uses exist; every other path answers 501 and names itself.
"""

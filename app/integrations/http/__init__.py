"""Carries requests to systems that are not ours: which addresses may be reached, within what time, by how many threads at once.

What a reader must know: a name is resolved once, by us, and the number that passed the policy is the one connected to. Nothing here follows
a redirect, repeats a request or adds a credential; who speaks to a system decides that.
"""

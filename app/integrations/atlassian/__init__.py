"""Speaks to Atlassian: the only place in Portico that knows an Atlassian address.

`transport` carries calls and their limits, `cloud` has one class per product, `types` is what callers get back and `errors` what they
must expect. Everything an answer says is treated as hostile until a function in `shapes` has looked at it.
"""

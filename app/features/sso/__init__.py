"""Single sign-on: people prove who they are at their identity provider, and Portico believes exactly what was proven.

A connection stands for one provider. It is made from a preset, tried with a test sign-in, and only then switched on; what
arrives through it is read by `app.protocols`, mapped by `mapping` and can be explained afterwards by its reference id.
It must withstand forged, replayed and misdirected answers, and one provider speaking for another's people or groups: the
key, the issuer and the connection are bound together, and a group belongs to the connection it came through.

Start reading at `configuration`, which says what a connection is, then `mapping` and `connections`.
"""

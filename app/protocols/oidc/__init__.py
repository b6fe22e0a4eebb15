"""OpenID Connect and plain OAuth 2.0 as a relying party: bytes in, frozen dataclass out.

In the order of a sign-in: `discovery` and `keys` read what a provider publishes, `authorization` sends the visitor there and reads the
answer, `token_endpoint` exchanges the code, `id_token.verify` decides whom to believe, `userinfo` and `oauth2` read what more is told.
Each rule is recorded as a check with what was expected and what was found, and a failed one raises; time, randomness and keys are
arguments, nothing here opens a connection. joserfc does the cryptography and is imported inside the functions that need it. Which
algorithms may sign is decided here and never by what a provider's metadata says.
"""

"""An identity provider to sign in with, by OpenID Connect here and by SAML in `saml`: a page that lists people.

It stands on `127.0.0.1`, the portal of the demonstration on `localhost`: two sites for a cookie, as in life. Nobody has a
password. `Provider.changes` lets a test have it say something else than it should.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from flask import Flask, Response, redirect, request
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Response as BaseResponse

from simulator import people, saml
from simulator.people import PEOPLE, Somebody

CLIENT_ID = "portico"
CLIENT_SECRET = "simulated-client-secret"
CODE_SECONDS = 60
TOKEN_SECONDS = 300
_LOOPBACK = ("localhost", "127.0.0.1")


@dataclass
class Provider:
    """What the provider remembers: its key, and the codes and tokens that it gave out."""

    issuer: str = ""
    people: tuple[Somebody, ...] = PEOPLE
    #: Gets the claims of an ID token (or of userinfo) and returns what is said in their place.
    changes: Callable[[str, dict[str, Any]], dict[str, Any]] = lambda _what, claims: claims
    #: Gets the parameters of the answer at the callback.
    answers: Callable[[dict[str, str]], dict[str, str]] = lambda parameters: parameters
    header: Mapping[str, str] = field(default_factory=dict)
    #: Whether a code may be exchanged again, as no provider should allow.
    forgets_codes: bool = True
    #: Gets a SAML response before it is signed, as text, and returns what is said in its place.
    saml_changes: Callable[[str], str] = lambda text: text
    #: Gets a signed SAML response.
    saml_answers: Callable[[bytes], bytes] = lambda xml: xml
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, Somebody] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def kid(self) -> str:
        """Name of the key."""
        numbers = self.key.public_key().public_numbers()
        return hashlib.sha256(str(numbers.n).encode()).hexdigest()[:12]

    def give_code(self, asked: Mapping[str, str], somebody: Somebody) -> str:
        """Return a code for what was asked."""
        code = secrets.token_urlsafe(24)
        with self._lock:
            self.codes[code] = {**asked, "somebody": somebody, "ends": time.time() + CODE_SECONDS}
        return code

    def take_code(self, code: str) -> dict[str, Any] | None:
        """Return what a code was given for, once."""
        with self._lock:
            found = self.codes.pop(code, None) if self.forgets_codes else self.codes.get(code)
        return found if found is not None and found["ends"] > time.time() else None

    def id_token(self, asked: Mapping[str, Any], access_token: str) -> str:
        """Return a signed ID token."""
        somebody: Somebody = asked["somebody"]
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": somebody.subject,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "auth_time": now,
            "nonce": asked.get("nonce", ""),
            "at_hash": _text(hashlib.sha256(access_token.encode()).digest()[:16]),
            "amr": list(somebody.methods),
            **_about(somebody),
        }
        header = {"alg": "RS256", "typ": "JWT", "kid": self.kid, **self.header}
        signed = f"{_json(header)}.{_json(self.changes('id_token', claims))}"
        return f"{signed}.{_text(self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


@dataclass(frozen=True)
class Running:
    """A provider that answers until `stop` is called."""

    provider: Provider
    server: BaseWSGIServer

    @property
    def issuer(self) -> str:
        """The provider's own address."""
        return self.provider.issuer

    def stop(self) -> None:
        """End the server and free its port."""
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(port: int = 0) -> Running:
    """Serve in a thread of this process on 127.0.0.1. Raises OSError when the port is taken."""
    from simulator.site import _listen, _Quiet

    provider = Provider()
    listening = _listen("127.0.0.1", port)
    chosen: int = listening.getsockname()[1]
    provider.issuer = f"http://127.0.0.1:{chosen}"
    server = make_server(
        "127.0.0.1",
        chosen,
        create_identity_application(provider),
        threaded=True,
        request_handler=_Quiet,
        fd=listening.fileno(),
    )
    listening.close()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return Running(provider, server)


def create_identity_application(provider: Provider) -> Flask:
    """Make the provider's program."""
    app = Flask("simulator-identity", static_folder=None)
    app.add_url_rule("/.well-known/openid-configuration", view_func=lambda: _described(provider), endpoint="describe")
    app.add_url_rule("/keys", view_func=lambda: _keys(provider), endpoint="keys")
    app.add_url_rule(
        "/authorize", view_func=lambda: _authorize(provider), endpoint="authorize", methods=["GET", "POST"]
    )
    app.add_url_rule("/token", view_func=lambda: _token(provider), endpoint="token", methods=["POST"])
    app.add_url_rule("/userinfo", view_func=lambda: _userinfo(provider), endpoint="userinfo")
    saml.install(app, provider)
    return app


def _described(provider: Provider) -> Response:
    issuer = provider.issuer
    return _answer(
        {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/userinfo",
            "jwks_uri": f"{issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "profile", "email", "groups"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
    )


def _keys(provider: Provider) -> Response:
    numbers = provider.key.public_key().public_numbers()
    size = (numbers.n.bit_length() + 7) // 8
    key = {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": provider.kid,
        "n": _text(numbers.n.to_bytes(size, "big")),
        "e": _text(numbers.e.to_bytes(3, "big")),
    }
    return _answer({"keys": [key]})


def _authorize(provider: Provider) -> BaseResponse:
    asked = {name: request.values.get(name, "") for name in _ASKED}
    problem = _problem_with(asked)
    if problem is not None:
        return Response(people.page("This request cannot be answered", f"<p>{escape(problem)}</p>"), 400)
    chosen = request.form.get("person") if request.method == "POST" else None
    if chosen is None:
        return Response(people.choice(provider.people, asked, "/authorize"))
    parameters = {"state": asked["state"], "iss": provider.issuer}
    somebody = next((one for one in provider.people if one.handle == chosen), None)
    if somebody is None:
        parameters |= {"error": "access_denied", "error_description": "Cancelled by the person"}
    else:
        parameters["code"] = provider.give_code(asked, somebody)
    return redirect(f"{asked['redirect_uri']}?{urlencode(provider.answers(parameters))}", 303)


_ASKED = (
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
)


def _problem_with(asked: Mapping[str, str]) -> str | None:
    back = urlsplit(asked["redirect_uri"])
    if asked["client_id"] != CLIENT_ID:
        return "There is no client with this id."
    # Everybody's portal on this machine is registered, and nothing else.
    if back.hostname not in _LOOPBACK or not back.path.startswith("/sso/") or not back.path.endswith("/oidc/callback"):
        return "This redirect URI is not registered."
    if asked["response_type"] != "code" or "openid" not in asked["scope"].split():
        return "Only the code flow of OpenID Connect is spoken here."
    if asked["code_challenge_method"] != "S256" or not asked["code_challenge"]:
        return "PKCE with S256 is needed."
    return None


def _token(provider: Provider) -> Response:
    if _client() != (CLIENT_ID, CLIENT_SECRET):
        return _answer({"error": "invalid_client"}, 401)
    asked = provider.take_code(request.form.get("code", ""))
    challenge = _text(hashlib.sha256(request.form.get("code_verifier", "").encode()).digest())
    if asked is None or asked["redirect_uri"] != request.form.get("redirect_uri"):
        return _answer({"error": "invalid_grant", "error_description": "The code is unknown, used or over."}, 400)
    if asked["code_challenge"] != challenge:
        return _answer({"error": "invalid_grant", "error_description": "The code verifier does not fit."}, 400)
    access_token = secrets.token_urlsafe(24)
    provider.tokens[access_token] = asked["somebody"]
    return _answer(
        {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "id_token": provider.id_token(asked, access_token),
        }
    )


def _userinfo(provider: Provider) -> Response:
    somebody = provider.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
    if somebody is None:
        return _answer({"error": "invalid_token"}, 401)
    return _answer(provider.changes("userinfo", {"sub": somebody.subject, **_about(somebody)}))


def _client() -> tuple[str | None, str | None]:
    given = request.authorization
    if given is not None and given.type == "basic":
        return given.username, given.password
    return request.form.get("client_id"), request.form.get("client_secret")


def _about(somebody: Somebody) -> dict[str, Any]:
    return {
        "name": somebody.name,
        "email": somebody.email,
        "email_verified": True,
        "groups": list(somebody.groups),
    }


def _answer(value: Mapping[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json", headers={"Cache-Control": "no-store"})


def _json(value: Mapping[str, Any]) -> str:
    return _text(json.dumps(value).encode())


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

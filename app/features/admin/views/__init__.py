"""HTTP of the administrators' pages: one blueprint, one module per subject."""

from flask import Blueprint
from werkzeug.wrappers import Response

blueprint = Blueprint("admin", __name__, url_prefix="/admin")

#: What a view answers with.
Answer = Response | str | tuple[str, int]

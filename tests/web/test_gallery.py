from collections.abc import Iterator

import pytest
from flask import Flask, g
from werkzeug.wrappers import Response

from app.web import gallery
from tests import html
from tests.web.small_site import INES, looked_at_by, make

PAGES = ["/_gallery/", *(f"/_gallery/layouts/{name}" for name in gallery._LAYOUTS)]


@pytest.fixture(scope="module")
def site() -> Iterator[Flask]:
    app = make()
    gallery.install(app)

    @app.after_request
    def with_policy(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = f"script-src 'nonce-{g.get('csp_nonce')}'"
        return response

    with looked_at_by(INES):
        yield app


@pytest.mark.parametrize("path", PAGES)
def test_every_page_of_the_gallery_keeps_the_rules_of_a_page(site: Flask, path: str) -> None:
    response = site.test_client().get(path)
    assert response.status_code == 200
    tree, mistakes = html.parse(response.text)
    assert mistakes == []
    policy = response.headers["Content-Security-Policy"]
    assert html.problems(tree, policy=policy, host="localhost") == []


def test_the_gallery_shows_every_component(site: Flask) -> None:
    samples, _source, _fresh = site.jinja_env.loader.get_source(site.jinja_env, "gallery/_samples.html")  # type: ignore[union-attr]
    in_layouts = {"account_menu", "error_summary", "field", "page_header", "search_box", "theme_switch"}
    # It leads to another site by itself, which no page of the gallery shall.
    in_layouts.add("provider_form")
    for name in site.jinja_env.list_templates(filter_func=lambda name: name.startswith("components/")):
        component = name.removeprefix("components/").removesuffix(".html")
        assert component in in_layouts or name in samples, f"{name} has no sample in templates/gallery/_samples.html"


def test_a_layout_that_is_not_there_is_not_found(site: Flask) -> None:
    assert site.test_client().get("/_gallery/layouts/nowhere").status_code == 404

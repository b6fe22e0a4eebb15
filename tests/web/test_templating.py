from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask, g, render_template, render_template_string
from jinja2 import UndefinedError

from app.core import clock
from app.core.accounts.actor import Actor
from app.web import templating
from tests import html
from tests.web.small_site import INES, Acme, looked_at_by, make

NOON = datetime(2026, 12, 12, 13, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def site() -> Flask:
    return make()


def shown(site: Flask, source: str, person: Actor | None = INES, **values: object) -> str:
    with site.test_request_context("/"), looked_at_by(person):
        return render_template_string(source, **values)


def test_an_instant_reads_in_the_zone_the_person_chose(site: Flask) -> None:
    assert shown(site, "{{ at|timestamp }}", at=NOON) == (
        '<time datetime="2026-12-12T13:05:00Z">12 Dec 2026, 14:05</time>'
    )


def test_a_stranger_reads_instants_in_the_organisations_zone_with_its_abbreviation(site: Flask) -> None:
    assert shown(site, "{{ at|timestamp }}", person=None, at=NOON) == (
        '<time datetime="2026-12-12T13:05:00Z">12 Dec 2026, 22:05 JST</time>'
    )


def test_an_unknown_zone_falls_back_to_utc(site: Flask) -> None:
    with site.test_request_context("/"), looked_at_by(None, lambda: Acme(time_zone="Mars/Olympus")):
        assert "13:05 UTC" in templating.timestamp(NOON)


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (timedelta(seconds=-20), "just now"),
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=-5), "5 minutes ago"),
        (timedelta(days=2), "in 2 days"),
    ],
)
def test_a_relative_instant_reads_from_now_and_keeps_the_full_one(site: Flask, distance: timedelta, words: str) -> None:
    with clock.at(NOON):
        printed = shown(site, "{{ at|relative }}", at=NOON + distance)
    assert f">{words}</time>" in printed
    assert 'title="' in printed


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 KB"),
        (999_949, "999.9 KB"),
        (999_950, "1 MB"),
        (1_234_567, "1.2 MB"),
        (25 * 10**9, "25 GB"),
        (5 * 10**15, "5,000 TB"),
    ],
)
def test_a_size_reads_in_the_largest_unit_that_keeps_it_above_one(site: Flask, size: int, words: str) -> None:
    assert shown(site, "{{ size|filesize }}", size=size) == words


def test_the_address_of_an_asset_changes_with_its_content(tmp_path: Path) -> None:
    small = make(tmp_path)
    (tmp_path / "a.css").write_text("one")
    with small.test_request_context("/"):
        before = templating.asset("a.css")
        (tmp_path / "a.css").write_text("another")
        after = templating.asset("a.css")
        assert before.startswith("/static/a.css?v=")
        assert before != after
        assert templating.asset("missing.css") == "/static/missing.css"


def test_an_undefined_name_is_an_error_and_not_an_empty_place(site: Flask) -> None:
    with pytest.raises(UndefinedError):
        shown(site, "{{ nowhere }}")


def test_the_address_of_an_endpoint_that_is_not_there_is_none(site: Flask) -> None:
    with site.test_request_context("/"):
        assert templating.endpoint_url("theme.choose") == "/theme"
        assert templating.endpoint_url("nowhere.page") is None


def test_the_organisation_is_asked_for_once_in_a_request(site: Flask) -> None:
    asked: list[int] = []

    def counted() -> Acme:
        asked.append(1)
        return Acme()

    with site.test_request_context("/"), looked_at_by(None, counted):
        render_template_string("{{ organisation().name }}{{ organisation().contact }}")
    assert len(asked) == 1


def test_the_app_layout_keeps_the_rules_of_every_page(site: Flask) -> None:
    source = """{% extends "layouts/app.html" %}{% from "components/page_header.html" import page_header %}
    {% block title %}Links{% endblock %}{% block content %}{{ page_header("Links") }}{% endblock %}"""
    with site.test_request_context("/"), looked_at_by(INES):
        tree, mistakes = html.parse(render_template_string(source))
        policy = f"script-src 'nonce-{g.csp_nonce}'"
    assert mistakes == []
    assert html.problems(tree, policy=policy, host="localhost") == []
    assert "ines@acme.example" in html.text_of(tree)


@pytest.mark.parametrize("layout", ["focused", "reader", "error"])
def test_gate_reader_and_error_pages_run_no_script(site: Flask, layout: str) -> None:
    source = "{% extends layout %}{% block title %}A{% endblock %}"
    with site.test_request_context("/"), looked_at_by(None):
        page = render_template_string(source, layout=f"layouts/{layout}.html")
        assert "csp_nonce" not in g
    assert "<script" not in page
    assert "hx-" not in page


def test_the_reader_leaves_out_the_contents_where_there_are_none(site: Flask) -> None:
    assert "On this page" not in shown(site, '{% extends "layouts/reader.html" %}', person=None)
    with_contents = '{% extends "layouts/reader.html" %}{% block contents %}<ol><li>One</li></ol>{% endblock %}'
    assert "On this page" in shown(site, with_contents, person=None)


def test_a_closed_link_looks_the_same_to_every_browser(site: Flask) -> None:
    pages = set()
    for cookie, person in [("", None), ("theme=dark", None), ("theme=light; session=x", INES)]:
        with site.test_request_context("/s/abc/", headers={"Cookie": cookie}), looked_at_by(person):
            pages.add(render_template("errors/link_closed.html", organisation_name="Acme", contact="Ask Ines"))
            assert "csp_nonce" not in g
            assert "csrf_token" not in g
    assert len(pages) == 1
    page = pages.pop()
    assert "Reference" not in page
    assert "Ask Ines" in page


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 410, 413, 422, 429, 500, 503])
def test_an_error_page_says_what_happened_and_the_reference_without_asking_who_looks(site: Flask, status: int) -> None:
    def unreachable() -> templating.Organisation:
        raise AssertionError("an error page must not need the database")

    with site.test_request_context("/"), looked_at_by(None, unreachable):
        page = render_template(
            "errors/error.html",
            status=status,
            titles="It changed meanwhile",
            sentence="Ines was quicker.",
            reference="r-1",
        )
    tree, mistakes = html.parse(page)
    assert mistakes == []
    assert html.problems(tree, policy="", host="localhost") == []
    assert all(words in html.text_of(tree) for words in ("It changed meanwhile", "Ines was quicker.", "r-1"))


def test_what_people_type_is_escaped_in_every_place_of_a_component(site: Flask) -> None:
    hostile = "<img src=x onerror=alert(1)>\"'"
    source = """{% from "components/lozenge.html" import lozenge %}{% from "components/avatar.html" import avatar %}
    {% from "components/copy_secret.html" import copy_secret %}{% from "components/bar_chart.html" import bar_chart %}
    {% from "components/table.html" import table %}{% from "components/button.html" import button %}
    {{ lozenge(text) }}{{ avatar(text, text) }}{{ copy_secret(text, text, "a") }}{{ bar_chart(text, [(text, 1)], text) }}
    {{ button(text, icon_name="edit", icon_only=True) }}
    {% call(row) table([column(text)], [text], text) %}<td>{{ row }}</td>{% endcall %}"""
    printed = shown(site, source, text=hostile)
    assert "<img" not in printed
    tree, _mistakes = html.parse(printed, fragment=True)
    assert [name for element in tree.iter() for name in element.attrib if str(name).startswith("on")] == []

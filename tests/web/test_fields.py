from collections.abc import Iterator

import pytest
from flask import Flask, render_template_string
from werkzeug.datastructures import MultiDict
from wtforms import (  # type: ignore[attr-defined]  # SelectChoice is newer than the published types
    BooleanField,
    DateTimeLocalField,
    Form,
    HiddenField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.validators import InputRequired, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.core import clock
from app.core.text import Text
from app.web.fields import ComponentMeta
from app.web.forms import FilterForm, Secret
from tests import html
from tests.conftest import NOW
from tests.web.small_site import INES, looked_at_by, make


class Everything(Form):
    Meta = ComponentMeta

    address = StringField("Address", [InputRequired("Paste an address.")], description="Of a <page>.")
    note = TextAreaField("Note", render_kw={"maxlength": 200})
    ends = DateTimeLocalField("Ends")
    state = SelectField("State", choices=[SelectChoice("a", "Active")])
    kind = RadioField("Kind", choices=[SelectChoice("staff", "Staff"), SelectChoice("guest", "Guest")])
    groups = SelectMultipleField(
        "Groups", choices=[SelectChoice("1", "Partners")], widget=ListWidget(), option_widget=CheckboxInput()
    )
    download = BooleanField("Allow downloads")
    trace = HiddenField()
    send = SubmitField("Send")

    def validate_kind(self, field: RadioField) -> None:
        raise ValidationError(Text("Choose one of %(count)s.", count=2))  # type: ignore[arg-type]


class OneQuestion(Form):
    Meta = ComponentMeta

    password = StringField("Password", [InputRequired("Enter the password.")])


@pytest.fixture
def site() -> Iterator[Flask]:
    app = make()
    with app.test_request_context("/"), looked_at_by(INES), clock.at(NOW):
        yield app


def drawn(source: str, **values: object) -> html.Element:
    tree, mistakes = html.parse(render_template_string(source, **values), fragment=True)
    assert mistakes == []
    assert html.problems(tree, policy="", host="localhost", fragment=True) == []
    return tree


def the(tree: html.Element, tag: str, name: str) -> html.Element:
    return next(element for element in tree.iter(tag) if element.get("name") == name)


def test_a_field_prints_its_label_hint_and_control_by_itself(site: Flask) -> None:
    tree = drawn("{{ form.address }}", form=Everything())
    control = the(tree, "input", "address")
    assert control.get("aria-describedby") == "address-hint"
    assert control.get("required") is not None
    assert control.get("aria-invalid") is None
    assert html.text_of(tree) == "Address* Of a <page>."


def test_what_a_template_passes_is_the_macros_argument_or_an_attribute(site: Flask) -> None:
    tree = drawn('{{ form.address(hint="Anything", suffix="km", placeholder="https://") }}', form=Everything())
    assert the(tree, "input", "address").get("placeholder") == "https://"
    assert "Anything" in html.text_of(tree)
    assert "km" in html.text_of(tree)
    assert the(drawn("{{ form.note }}", form=Everything()), "textarea", "note").get("maxlength") == "200"


def test_a_field_with_an_error_says_so_to_every_sense(site: Flask) -> None:
    form = Everything(MultiDict({"address": ""}))
    form.validate()
    tree = drawn("{{ form.address }}", form=form)
    control = the(tree, "input", "address")
    assert control.get("aria-invalid") == "true"
    assert control.get("aria-describedby") == "address-hint address-error"
    assert "Error: Paste an address." in html.text_of(tree)


def test_choices_stand_in_a_fieldset_with_a_legend(site: Flask) -> None:
    for name, kind in (("kind", "radio"), ("groups", "checkbox")):
        tree = drawn("{{ form[name] }}", form=Everything(), name=name)
        fieldset = next(tree.iter("fieldset"))
        assert fieldset.find("legend") is not None
        assert {control.get("type") for control in tree.iter("input")} == {kind}


def test_an_instant_shows_its_zone_beside_it(site: Flask) -> None:
    assert "Europe/Berlin (CET)" in html.text_of(drawn("{{ form.ends }}", form=Everything()))


FORM = (
    """{% from "components/form_for.html" import form_for %}{{ form_for(form, "/links", "Create link", cancel="/") }}"""
)


def test_a_form_prints_every_visible_field_a_token_and_its_buttons(site: Flask) -> None:
    tree = drawn(FORM, form=Everything())
    names = [control.get("name") for control in tree.iter("input", "select", "textarea")]
    assert names == [
        *("csrf_token", "trace", "address", "note", "ends", "state", "kind", "kind", "groups", "download"),
    ]
    assert [html.text_of(button) for button in tree.iter("button")] == ["Create link"]
    assert next(tree.iter("form")).get("method") == "post"


def test_a_form_sends_values_along_that_stand_in_no_field(site: Flask) -> None:
    source = FORM.replace('cancel="/"', "hidden={'url': 'https://acme.example/\"x'}")
    assert the(drawn(source, form=OneQuestion()), "input", "url").get("value") == 'https://acme.example/"x'


def test_the_error_summary_leads_to_each_entry(site: Flask) -> None:
    form = Everything(MultiDict({"state": "a"}))
    form.validate()
    tree = drawn(FORM, form=form)
    links = {element.get("href"): html.text_of(element) for element in tree.iter("a") if element.get("class") is None}
    assert links == {"#address": "Address", "#kind-0": "Kind"}
    ids = {element.get("id") for element in tree.iter()}
    assert {"address", "kind-0"} <= ids
    assert "Check these 2 entries" in html.text_of(tree)
    assert "Choose one of 2." in html.text_of(tree)


def test_a_form_with_one_question_says_its_error_once(site: Flask) -> None:
    form = OneQuestion(MultiDict({"password": ""}))
    form.validate()
    words = html.text_of(drawn(FORM, form=form))
    assert words.count("Enter the password.") == 1
    assert "Check" not in words


def test_a_form_without_errors_has_no_summary(site: Flask) -> None:
    assert "Check" not in html.text_of(drawn(FORM, form=Everything()))


def test_nul_is_left_out_of_whatever_a_form_is_sent(site: Flask) -> None:
    class Sent(FilterForm):
        words = TextAreaField()
        secret = Secret()
        one = SelectField(choices=[SelectChoice("a", "A")])

    sent = Sent(MultiDict({"words": "a\0b\nc", "secret": "\0", "one": "a\0", "other": "x"}))
    assert (sent.words.data, sent.secret.data, sent.one.data) == ("ab\nc", "", "a")
    assert Sent(MultiDict({"words": "a b"})).words.data == "a b"

"""What people paste, as a table, and that nothing they paste does more than be refused with a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.integrations.atlassian.addresses import (
    MAX_ADDRESS_LENGTH,
    SENTENCES,
    AddressError,
    Kind,
    Place,
    Problem,
    page_id_of,
    parse,
    place_of,
)
from app.integrations.atlassian.types import Product

SITE = "https://acme.atlassian.net"


@pytest.mark.parametrize(
    ("url", "kind", "found"),
    [
        ("/wiki/spaces/X/pages/123/Title", Kind.PAGE, "123"),
        ("/wiki/spaces/X/pages/123", Kind.PAGE, "123"),
        ("/wiki/spaces/X/pages/123/", Kind.PAGE, "123"),
        ("/wiki/spaces/~5b10a2844c20165700ede21g/pages/123/A+title%2Fwith#Heading", Kind.PAGE, "123"),
        ("/wiki/spaces/X/pages/edit-v2/123?draftShareId=1", Kind.PAGE, "123"),
        ("/wiki/spaces/X/pages/edit/123", Kind.PAGE, "123"),
        ("/wiki/spaces/X/pages/9223372036854775807/Long", Kind.PAGE, "9223372036854775807"),
        ("/wiki/pages/viewpage.action?pageId=123", Kind.PAGE, "123"),
        ("/wiki/pages/viewpage.action?spaceKey=X&pageId=123#x", Kind.PAGE, "123"),
        ("/wiki/spaces/X/pages/resumedraft.action?pageId=123", Kind.PAGE, "123"),
        ("/wiki/x/LIQHD", Kind.SHORT, "LIQHD"),
        ("/browse/KEY-1", Kind.ISSUE, "KEY-1"),
        ("/browse/key-1", Kind.ISSUE, "KEY-1"),
        ("/browse/A2_B-12?focusedCommentId=10#comment-10", Kind.ISSUE, "A2_B-12"),
        ("/jira/software/projects/KEY/boards/1?selectedIssue=KEY-1", Kind.ISSUE, "KEY-1"),
        ("/jira/software/c/projects/KEY/boards/1/backlog?view=detail&selectedIssue=KEY-1", Kind.ISSUE, "KEY-1"),
        ("/secure/RapidBoard.jspa?rapidView=1&selectedIssue=KEY-1", Kind.ISSUE, "KEY-1"),
        ("/jira/core/projects/KEY/board?selectedIssue=KEY-1", Kind.ISSUE, "KEY-1"),
        ("/jira/software/projects/KEY/issues/KEY-1", Kind.ISSUE, "KEY-1"),
        ("/projects/KEY/issues/KEY-1?filter=allopenissues", Kind.ISSUE, "KEY-1"),
        ("/issues/KEY-1?jql=project%20%3D%20KEY", Kind.ISSUE, "KEY-1"),
        ("/jira/servicedesk/projects/KEY/queues/custom/1/KEY-1", Kind.ISSUE, "KEY-1"),
        ("/jira/servicedesk/projects/KEY/queues/issue/KEY-1", Kind.ISSUE, "KEY-1"),
        ("/jira/servicedesk/projects/KEY/queues/custom/1?selectedIssue=KEY-1", Kind.ISSUE, "KEY-1"),
        ("/servicedesk/customer/portal/2/KEY-1?created=true", Kind.ISSUE, "KEY-1"),
    ],
)
def test_an_address_names_its_object(url: str, kind: Kind, found: str) -> None:
    address = parse(f"  {SITE}{url}\n")
    assert (address.place.host, address.kind, address.id_or_key) == ("acme.atlassian.net", kind, found)
    assert address.product is (Product.JIRA if kind is Kind.ISSUE else Product.CONFLUENCE)
    assert address.raw == SITE + url


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", Problem.EMPTY),
        ("   ", Problem.EMPTY),
        (SITE + "/wiki/x/" + "a" * MAX_ADDRESS_LENGTH, Problem.TOO_LONG),
        ("hello", Problem.NOT_AN_ADDRESS),
        ("javascript:alert(1)", Problem.NOT_AN_ADDRESS),
        ("ftp://acme.atlassian.net/browse/KEY-1", Problem.NOT_AN_ADDRESS),
        ("https://reader@acme.atlassian.net/browse/KEY-1", Problem.NOT_AN_ADDRESS),
        ("https:///browse/KEY-1", Problem.NOT_AN_ADDRESS),
        ("https://[::1/browse/KEY-1", Problem.NOT_AN_ADDRESS),
        ("https://acme.atlassian.net:x/browse/KEY-1", Problem.NOT_AN_ADDRESS),
        (SITE + "/browse/KEY-1\nHost: evil", Problem.NOT_AN_ADDRESS),
        (SITE + "\\@evil.example/browse/KEY-1", Problem.NOT_AN_ADDRESS),
        ("https://аcme.atlassian.net/browse/KEY-1", Problem.NOT_AN_ADDRESS),
        (SITE + "/", Problem.NO_OBJECT),
        (SITE + "/wiki/home", Problem.NO_OBJECT),
        (SITE + "/wiki/x/", Problem.NO_OBJECT),
        (SITE + "/wiki/x/!!", Problem.NO_OBJECT),
        (SITE + "/wiki/pages/viewpage.action?pageId=abc", Problem.NO_OBJECT),
        (SITE + "/wiki/pages/viewpage.action?pageId=-1", Problem.NO_OBJECT),
        (SITE + "/wiki/spaces/X", Problem.NOT_A_PAGE),
        (SITE + "/wiki/spaces/X/overview", Problem.NOT_A_PAGE),
        (SITE + "/wiki/spaces/X/pages", Problem.NOT_A_PAGE),
        (SITE + "/wiki/spaces/X/pages/0", Problem.NOT_A_PAGE),
        (SITE + "/wiki/spaces/X/pages/12345678901234567890", Problem.NOT_A_PAGE),
        (SITE + "/wiki/spaces/X/blog/2026/11/01/123/News", Problem.NOT_A_PAGE),
        (SITE + "/wiki/spaces/X/whiteboard/123", Problem.NOT_A_PAGE),
        (SITE + "/wiki/l/cp/abc", Problem.OLD_ADDRESS),
        (SITE + "/browse/KEY", Problem.NO_ISSUE_SELECTED),
        (SITE + "/browse/KEY-0", Problem.NO_ISSUE_SELECTED),
        (SITE + "/browse/KEY-1;x", Problem.NO_ISSUE_SELECTED),
        (SITE + "/browse/..%2Fsecure-1", Problem.NO_ISSUE_SELECTED),
        (SITE + "/jira/software/projects/KEY/boards/1", Problem.NO_ISSUE_SELECTED),
        (SITE + "/jira/software/projects/KEY/boards/1?selectedIssue=", Problem.NO_ISSUE_SELECTED),
        (SITE + "/jira/servicedesk/projects/KEY/queues/custom/1", Problem.NO_ISSUE_SELECTED),
    ],
)
def test_an_address_without_an_object_says_what_to_do(url: str, problem: Problem) -> None:
    with pytest.raises(AddressError) as caught:
        parse(url)
    assert caught.value.problem is problem
    assert str(caught.value) == SENTENCES[problem]


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Acme.Atlassian.net./browse/KEY-1", "acme.atlassian.net"),
        ("https://acme.atlassian.net:443/browse/KEY-1", "acme.atlassian.net"),
        ("http://127.0.0.1:8001/browse/KEY-1", "127.0.0.1:8001"),
        ("http://[::1]:8001/browse/KEY-1", "[::1]:8001"),
        ("http://localhost/browse/KEY-1", "localhost"),
        ("acme.atlassian.net/browse/KEY-1", "acme.atlassian.net"),
    ],
)
def test_the_host_is_written_as_a_base_address_would_be(url: str, host: str) -> None:
    assert parse(url).place.host == host
    assert place_of(f"http://{host}/" if ":" in host or host == "localhost" else f"https://{host}") == Place(host)


def _encoded(page_id: int) -> str:
    """Write an id as Confluence does: the other direction, so that the reader is not tested against itself."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
    bits = "".join(f"{byte:08b}" for byte in page_id.to_bytes(8, "little")) + "00"
    return "".join(alphabet[int(bits[at : at + 6], 2)] for at in range(0, 66, 6)).rstrip("A")


@given(st.integers(min_value=1, max_value=2**63 - 1))
def test_a_short_code_is_the_page_id_in_another_writing(page_id: int) -> None:
    assert page_id_of(_encoded(page_id)) == str(page_id)


@pytest.mark.parametrize(
    ("code", "page_id"), [("LIQHD", "201819180"), ("", None), ("A", None), ("a" * 13, None), ("a=b", None), ("é", None)]
)
def test_known_short_codes(code: str, page_id: str | None) -> None:
    assert page_id_of(code) == page_id


@given(
    st.text(max_size=200),
    st.sampled_from(
        ["", "https://", SITE + "/", SITE + "/wiki/", SITE + "/wiki/spaces/", SITE + "/browse/", SITE + "?"]
    ),
)
def test_no_text_does_more_than_be_refused(text: str, start: str) -> None:
    try:
        address = parse(start + text)
    except AddressError:
        return
    assert address.id_or_key
    assert address.id_or_key.isascii()
    assert "/" not in address.id_or_key


SITES = (
    (Place("jira.corp", "/jira"), Product.JIRA),
    (Place("wiki.corp:8443", ""), Product.CONFLUENCE),
    (Place("corp", "/confluence"), Product.CONFLUENCE),
    (Place("corp", "/confluence/old"), Product.JIRA),
    (Place("corp", "/wiki"), Product.CONFLUENCE),
)


@pytest.mark.parametrize(
    ("url", "place", "kind", "found", "title"),
    [
        ("https://jira.corp/jira/browse/KEY-1", "jira.corp/jira", Kind.ISSUE, "KEY-1", None),
        ("https://jira.corp/jira/projects/KEY/issues/KEY-1?filter=x", "jira.corp/jira", Kind.ISSUE, "KEY-1", None),
        (
            "https://jira.corp/jira/secure/RapidBoard.jspa?selectedIssue=KEY-1",
            "jira.corp/jira",
            Kind.ISSUE,
            "KEY-1",
            None,
        ),
        ("https://jira.corp/jira/servicedesk/customer/portal/2/KEY-1", "jira.corp/jira", Kind.ISSUE, "KEY-1", None),
        ("https://wiki.corp:8443/x/BYcB", "wiki.corp:8443", Kind.SHORT, "BYcB", None),
        ("https://wiki.corp:8443/pages/tinyurl.action?urlIdentifier=BYcB", "wiki.corp:8443", Kind.SHORT, "BYcB", None),
        ("https://wiki.corp:8443/pages/viewpage.action?pageId=7", "wiki.corp:8443", Kind.PAGE, "7", None),
        ("https://wiki.corp:8443/spaces/X/pages/7/T", "wiki.corp:8443", Kind.PAGE, "7", None),
        (
            "https://corp/confluence/display/OPS/Crane+plan%2C+48",
            "corp/confluence",
            Kind.TITLE,
            "OPS",
            "Crane plan, 48",
        ),
        (
            "https://corp/confluence/display/~ann/1%2B1?focusedCommentId=1#x",
            "corp/confluence",
            Kind.TITLE,
            "~ann",
            "1+1",
        ),
        ("https://corp/confluence/display/OPS/A%2FB", "corp/confluence", Kind.TITLE, "OPS", "A/B"),
        (
            "https://corp/confluence/pages/viewpage.action?spaceKey=OPS&title=A+%26+B",
            "corp/confluence",
            Kind.TITLE,
            "OPS",
            "A & B",
        ),
        ("https://corp/confluence/old/browse/KEY-1", "corp/confluence/old", Kind.ISSUE, "KEY-1", None),
        ("https://corp/wiki/display/OPS/T", "corp/wiki", Kind.TITLE, "OPS", "T"),
        (
            "https://acme.atlassian.net/wiki/display/OPS/Crane+plan",
            "acme.atlassian.net",
            Kind.TITLE,
            "OPS",
            "Crane plan",
        ),
        ("https://acme.atlassian.net/browse/KEY-1", "acme.atlassian.net", Kind.ISSUE, "KEY-1", None),
    ],
)
def test_an_address_below_a_site_that_is_known_is_read_as_its_products(
    url: str, place: str, kind: Kind, found: str, title: str | None
) -> None:
    address = parse(url, SITES)
    assert f"{address.place.host}{address.place.path}" == place
    assert (address.kind, address.id_or_key, address.title) == (kind, found, title)
    assert (address.product is Product.JIRA) is (kind is Kind.ISSUE)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://corp/confluence/display/OPS", Problem.NOT_A_PAGE),
        ("https://corp/confluence/display/OPS/2026/11/01/News", Problem.NOT_A_PAGE),
        ("https://corp/confluence/display/OPS/+", Problem.NOT_A_PAGE),
        ("https://corp/confluence/display/OPS/%00", Problem.NOT_A_PAGE),
        ("https://corp/confluence/display/OPS/" + "a" * 256, Problem.NOT_A_PAGE),
        ("https://corp/confluence/pages/viewpage.action?title=A", Problem.NO_OBJECT),
        ("https://corp/confluence/pages/tinyurl.action?urlIdentifier=!", Problem.NO_OBJECT),
        ("https://corp/confluencex/x/BYcB", Problem.NO_OBJECT),
        ("https://jira.corp/jira/secure/Dashboard.jspa", Problem.NO_ISSUE_SELECTED),
        ("https://jira.corp/jira", Problem.NO_OBJECT),
    ],
)
def test_an_address_below_a_known_site_without_an_object_says_so(url: str, problem: Problem) -> None:
    with pytest.raises(AddressError) as caught:
        parse(url, SITES)
    assert caught.value.problem is problem


@pytest.mark.parametrize("url", ["https://jira.corp/jira?x=1", "https://jira.corp/a/../b", "jira", "ftp://jira.corp"])
def test_what_is_no_base_address_has_no_place(url: str) -> None:
    with pytest.raises(AddressError):
        place_of(url)
    assert place_of("https://JIRA.corp/jira/") == Place("jira.corp", "/jira")

"""What people paste, as a table, and that nothing they paste does more than be refused with a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.integrations.atlassian.addresses import (
    MAX_ADDRESS_LENGTH,
    SENTENCES,
    AddressError,
    Kind,
    Problem,
    host_of,
    page_id_of,
    parse,
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
    assert (address.host, address.kind, address.id_or_key) == ("acme.atlassian.net", kind, found)
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
        (SITE + "/wiki/display/X/Title", Problem.OLD_ADDRESS),
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
    assert parse(url).host == host
    assert host_of(f"http://{host}/" if ":" in host or host == "localhost" else f"https://{host}") == host


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

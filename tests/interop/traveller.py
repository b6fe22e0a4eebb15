"""Somebody whose browser goes to a provider's site and back; only the portal's pages are looked at closely."""

from collections.abc import Callable
from typing import Self

from playwright.sync_api import ConsoleMessage, Request, Response, WebError
from playwright.sync_api import TimeoutError as TookTooLong

from tests.interop.peers import Account, Peer
from tests.journeys.visitor import Visitor


class Traveller(Visitor):
    """A visitor who may leave the portal for a provider's login page."""

    def _at_home(self, address: str) -> bool:
        return address.startswith((self.portal.base_url + "/", self.portal.public_url + "/", "about:blank"))

    def _note_request(self, request: Request) -> None:
        # Going elsewhere is what this is about; what a page of ours loads from elsewhere is not.
        if self._at_home(request.frame.url) and not request.is_navigation_request():
            super()._note_request(request)

    def _note_response(self, response: Response) -> None:
        if self._at_home(response.url):
            super()._note_response(response)

    def _note_script_error(self, error: WebError) -> None:
        if error.page is None or self._at_home(error.page.url):
            super()._note_script_error(error)

    def _note_console(self, message: ConsoleMessage) -> None:
        if self._at_home(self.page.url):
            super()._note_console(message)

    @property
    def _seen(self) -> str:
        return f"{self.page.url.partition('?')[0]}: {self.page.locator('body').inner_text()[:1_000]}"

    def choose(self, words: str, peer: Peer) -> Self:
        """Press a button of the portal that leads to a provider's site, and wait for its login page."""
        self.page.get_by_role("button", name=words, exact=True).click()
        return self.arrive_at(peer)

    def arrive_at(self, peer: Peer) -> Self:
        """Wait for the login page of a provider."""
        try:
            self.page.wait_for_url(lambda url: url.startswith(peer.base_url))
            peer.show_login(self.page)
        except TookTooLong as error:
            raise AssertionError(f"no login page: {self._seen}") from error
        return self

    def prove(self, peer: Peer, account: Account) -> Self:
        """Sign in at the provider's page and come back to the portal."""
        peer.enter(self.page, account.username, account.password)
        return self.come_home()

    def pass_through(self, words: str, path: str) -> Self:
        """Press a button of the portal that leads to a provider which asks nothing, and so back to a path of the portal."""
        self.page.get_by_role("button", name=words, exact=True).click()
        self.page.wait_for_url(self.portal.base_url + path)
        return self.come_home()

    def come_home(self) -> Self:
        """Wait for the portal to have taken the provider's answer, and look at the page it ends on."""
        try:
            self.page.wait_for_url(self._at_home)
        except TookTooLong as error:
            raise AssertionError(f"this led nowhere: {self._seen}") from error
        self.forgive()
        self.check()
        return self


#: Gives somebody a browser that travels.
Going = Callable[..., Traveller]


def refused_as(administrator: Traveller, person: Traveller) -> str:
    """Find the explanation by the reference that somebody was shown; returns the line of the check that failed."""
    assert person.heading == "You are not signed in", person.words
    reference = person.page.locator("main code").inner_text()
    administrator.open("/admin/sso/attempts").enter({"Reference id": reference}).press("Search")
    assert "It was refused" in administrator.words
    failed = administrator.page.get_by_role("row").filter(has_text="Failed")
    assert failed.count() == 1, administrator.words
    return " ".join(failed.inner_text().split())

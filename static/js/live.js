// What htmx leaves to us: which answers are shown in place, and what happens with the others.
//
// A 422 is a form drawn again and belongs on the page. Whoever was signed out meanwhile is sent to a page of their own
// instead of into a table cell. Any other error leaves the page as it is and says so.

const SIGNED_OUT = 401;
const FORM_AGAIN = 422;

function problem(shown) {
  const message = document.getElementById("live-problem");
  if (message) message.hidden = !shown;
}

document.addEventListener("htmx:before:response", (event) => {
  const { raw, status } = event.detail.ctx.response;
  if (raw.redirected || status === SIGNED_OUT) {
    event.preventDefault();
    location.reload();
  } else if (status >= 400 && status !== FORM_AGAIN) {
    event.preventDefault();
    problem(true);
  } else {
    problem(false);
  }
});
document.addEventListener("htmx:error", () => problem(true));

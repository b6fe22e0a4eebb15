// Changes the theme at once and sends the form behind it, so that the server prints the same from the next page on.

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-theme-switch]");
  const pressed = event.submitter;
  if (!form || !pressed) return;
  event.preventDefault();
  const values = new FormData(form, pressed);
  document.documentElement.dataset.theme = pressed.value;
  for (const button of document.querySelectorAll("[data-theme-switch] [aria-pressed]")) {
    button.setAttribute("aria-pressed", String(button.value === pressed.value));
  }
  await fetch(form.action, { method: "POST", body: new URLSearchParams(values), redirect: "manual" });
});

// Shows the copy buttons, which need script, and says so when something was copied.

const SHOWN_FOR = 2000;

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const label = button.querySelector(".button-label");
  source.select();
  try {
    await navigator.clipboard.writeText(source.value);
  } catch {
    return; // The text stays selected, so that the keyboard can copy it.
  }
  const before = label.textContent;
  label.textContent = button.dataset.copied;
  button.disabled = true;
  setTimeout(() => {
    label.textContent = before;
    button.disabled = false;
  }, SHOWN_FOR);
}

function reveal(root) {
  for (const button of root.querySelectorAll("[data-copy]")) {
    button.hidden = false;
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});
document.addEventListener("htmx:after:swap", () => reveal(document));
reveal(document);

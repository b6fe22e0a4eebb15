// Lifts the panel of a confirmation into a modal dialog; without script it unfolds below its button.

function ask(details) {
  const panel = details.querySelector(".confirm-panel");
  const asked = details.querySelector("summary");
  const cancel = panel.querySelector("[data-confirm-cancel]");
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", panel.getAttribute("aria-labelledby"));
  dialog.append(panel);
  document.body.append(dialog);
  cancel.hidden = false;
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-confirm-cancel]")) dialog.close();
  });
  dialog.addEventListener("close", () => {
    details.append(panel);
    details.open = false;
    dialog.remove();
    asked.focus();
  });
  dialog.showModal();
  cancel.focus();
}

document.addEventListener("click", (event) => {
  const summary = event.target.closest("[data-confirm] > summary");
  if (!summary) return;
  event.preventDefault();
  ask(summary.parentElement);
});

// The tick in the head of a list, which needs script: it ticks all rows of the page, and shows whether all, some or none are.

function rows(head) {
  return [...head.closest("table").querySelectorAll(`input[name="${head.dataset.tickAll}"]`)];
}

function show(head) {
  const box = head.querySelector("input");
  const ticked = rows(head).filter((row) => row.checked).length;
  box.checked = ticked > 0 && ticked === rows(head).length;
  box.indeterminate = ticked > 0 && !box.checked;
}

function reveal() {
  for (const head of document.querySelectorAll("[data-tick-all]")) {
    head.hidden = false;
    show(head);
  }
}

document.addEventListener("change", (event) => {
  const head = event.target.closest("[data-tick-all]");
  if (head) {
    for (const row of rows(head)) row.checked = event.target.checked;
  } else {
    const beside = event.target.closest("table")?.querySelector("[data-tick-all]");
    if (beside) show(beside);
  }
});
document.addEventListener("htmx:after:swap", reveal);
window.addEventListener("pageshow", reveal); // A browser that goes back brings its ticks along.
reveal();

// Closes an unfolded menu, or the phone's navigation, on Escape and on a click elsewhere.

function close(menu) {
  menu.open = false;
}

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    if (!menu.contains(event.target)) close(menu);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    close(menu);
    menu.querySelector("summary").focus();
  }
  if (location.hash === "#side-navigation") {
    location.hash = "#main";
  }
});

// The key / leads into the search box. Nothing else is done by script.
"use strict";
document.addEventListener("keydown", (event) => {
  const box = document.getElementById("q");
  const writing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !writing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    box.focus();
    box.select();
  }
});

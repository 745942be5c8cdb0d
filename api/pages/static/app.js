// Conveniences only: every page works without this file.
"use strict";

const wide = matchMedia("(min-width: 60rem)");
for (const details of document.querySelectorAll("details[data-open-wide]")) {
  details.open = wide.matches;
  wide.addEventListener("change", () => { details.open = wide.matches; });
}

const search = document.getElementById("q");
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.key !== "/" || !search || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  search.focus();
  search.select();
});

for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
    button.textContent = "Copied";
  });
}

const form = document.getElementById("search");
form?.addEventListener("formdata", (event) => {
  for (const [name, value] of [...event.formData]) if (!value) event.formData.delete(name); // short addresses
});

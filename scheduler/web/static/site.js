// What every page does a little better with scripts; without them nothing is missing.

const found = document.querySelector("[data-focus]");
if (found) found.focus();

// A link of the error summary leads into the field, not only to it.
document.querySelector(".errors")?.addEventListener("click", (event) => {
  const field = event.target.closest("a") && document.querySelector(event.target.closest("a").hash);
  if (!field) return;
  event.preventDefault();
  (field.closest("fieldset, .field") ?? field).scrollIntoView();
  field.focus({ preventScroll: true });
});

// The second click of a double click is not a second request.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  if (event.target.dataset.sent) return event.preventDefault();
  event.target.dataset.sent = "yes";
  // Not `disabled`: what the button says has to be sent along.
  for (const each of event.target.querySelectorAll("button")) each.setAttribute("aria-disabled", "true");
});

// Whoever comes back to a page that the browser kept may send its form again.
addEventListener("pageshow", () => {
  for (const form of document.forms) {
    delete form.dataset.sent;
    for (const each of form.querySelectorAll("button")) each.removeAttribute("aria-disabled");
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});

for (const each of document.querySelectorAll("[data-print]")) each.hidden = false;

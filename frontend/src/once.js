// A form that changes something is sent once, however often its button is clicked. The server has its own guard
// (idempotency keys); this one spares the person the second answer. `data-many` on a form switches it off.
const busy = new WeakSet();

function free(form) {
  busy.delete(form);
  for (const button of form.querySelectorAll('[aria-busy="true"]')) button.removeAttribute("aria-busy");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  const guarded = form.hasAttribute("data-once") || (form.method === "post" && !form.hasAttribute("data-many"));
  if (event.defaultPrevented || !guarded) return;
  if (busy.has(form)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  busy.add(form);
  event.submitter?.setAttribute("aria-busy", "true");
  setTimeout(() => free(form), 15000);
});
document.addEventListener("htmx:afterRequest", (event) => event.target.closest?.("form") && free(event.target.closest("form")));
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.forms) free(form);
});

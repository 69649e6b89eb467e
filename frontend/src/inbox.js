// The inbox and the sheet: filters that apply at once, a move's form that takes the focus and can be put away.

const narrow = matchMedia("(max-width: 74.99rem)");

document.addEventListener("htmx:afterSettle", (event) => {
  // Whoever reads by ear or keyboard is taken to what has just come; a slip is shown where it was made.
  if (event.target.id === "sheet" && (event.detail.xhr?.status ?? 200) < 400) {
    event.target.scrollTop = 0;
    event.target.focus({ preventScroll: true });
    if (narrow.matches) scrollTo(0, 0);
  }
  if (event.target.id !== "move") return;
  event.target.querySelector("[data-focus], textarea, input:not([type=hidden]), select, button")?.focus();
});
document.addEventListener("change", (event) => event.target.closest("form[data-auto]")?.requestSubmit());
document.addEventListener("click", (event) => {
  const place = event.target.closest("[data-cancel]")?.closest("#move");
  if (!place || !document.querySelector("#sheet .moves")) return;
  event.preventDefault();
  place.replaceChildren();
});
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.(".moveform");
  if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
for (const button of document.querySelectorAll("form[data-auto] > button")) button.hidden = true;

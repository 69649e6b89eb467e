// The inbox and the sheet: filters that apply at once, a move's form that takes the focus and can be put away.

const narrow = matchMedia("(max-width: 74.99rem)");

// A list that has just been fetched anew does not know which of its rows is open beside it.
function mark() {
  const open = new URLSearchParams(location.search).get("case");
  if (!open) return;
  for (const link of document.querySelectorAll("#list [data-row]")) {
    const shown = new URL(link.href).searchParams.get("case") === open;
    link.closest("tr").setAttribute("aria-selected", String(shown));
  }
}

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id === "list") mark();
  // Whoever reads by ear or keyboard is taken to what has just come; a slip is shown where it was made.
  if (event.target.id === "sheet" && (event.detail.xhr?.status ?? 200) < 400) {
    event.target.scrollTop = 0;
    event.target.focus({ preventScroll: true });
    if (narrow.matches) scrollTo(0, 0);
  }
  if (event.target.id !== "move") return;
  event.target.querySelector("[data-focus], textarea, input:not([type=hidden]), select, button")?.focus();
});
document.addEventListener("change", (event) => {
  event.target.closest("form[data-auto]")?.requestSubmit();
  // Who may take a case depends on the organisation that it is handed to.
  const people = event.target.name === "move_organisation" && event.target.form?.querySelector('[data-combobox*="/people/"]');
  if (!people) return;
  people.dataset.combobox = people.dataset.combobox.replace(/=.*$/, `=${encodeURIComponent(event.target.value)}`);
  for (const input of people.querySelectorAll("input")) input.value = "";
});
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

// Single keys for those who work all day: an element with `data-key="d"` is clicked (or, an entry, focused) by D.
// Nothing happens while typing, with a modifier held, or if the person switched the keys off (WCAG 2.1.4).
import { t } from "./words.js";

const OFF = "keys-off";
const TYPING = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]";

const visible = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;
const scope = () => document.querySelector("dialog[open]") ?? document;
const keyed = (key) =>
  [...scope().querySelectorAll("[data-key]")].find(
    (e) => e.dataset.key.toLowerCase() === key.toLowerCase() && visible(e) && !e.disabled,
  );

function act(element) {
  if (element.matches(TYPING)) {
    element.focus();
    element.select?.();
  } else {
    element.click();
  }
}

function move(step) {
  const links = [...scope().querySelectorAll(".list tbody tr")].map((row) => row.querySelector("a")).filter(Boolean);
  if (!links.length) return false;
  const row = document.activeElement?.closest?.(".list tbody tr");
  const chosen = row ?? scope().querySelector('.list tr[aria-selected="true"]');
  const here = links.findIndex((link) => link.closest("tr") === chosen);
  links[Math.min(links.length - 1, Math.max(0, here + step))].focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.(TYPING)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (localStorage.getItem(OFF) && event.key !== "?") return;
  const element = keyed(event.key);
  if (element) act(element);
  else if (event.key === "j" ? !move(1) : event.key === "k" ? !move(-1) : true) return;
  event.preventDefault();
});

// The dialog of keys lists what this page offers, by the words of the buttons themselves.
document.addEventListener("toggle", fill, true);
document.addEventListener("click", (event) => event.target.closest('[data-dialog="keys"]') && fill());

function fill() {
  const list = document.querySelector("#keys [data-keys]");
  if (!list || list.dataset.filled) return;
  list.dataset.filled = "1";
  for (const element of document.querySelectorAll("[data-key]")) {
    if (["/", "?"].includes(element.dataset.key) || !visible(element)) continue;
    const row = document.createElement("div");
    const term = document.createElement("dt");
    const key = document.createElement("kbd");
    key.textContent = element.dataset.key.toUpperCase();
    term.append(key);
    const words = document.createElement("dd");
    words.textContent = [...element.childNodes]
      .filter((n) => n.nodeName !== "KBD")
      .map((n) => n.textContent)
      .join("")
      .trim();
    row.append(term, words);
    list.append(row);
  }
  const label = document.createElement("label");
  label.className = "choice";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = !localStorage.getItem(OFF);
  box.addEventListener("change", () => (box.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")));
  label.append(box, t("使用单键快捷键", "Use single-key shortcuts"));
  list.after(label);
}

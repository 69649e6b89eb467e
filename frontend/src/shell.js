// On every page. Small: what a page needs besides is loaded only if the page has something for it.
import "./switches.js";
import "./keys.js";
import "./once.js";
import { confirmed } from "./kept.js";

const PARTS = [
  ["form[data-keep]", () => import("./draft.js")],
  ["[data-drop]", () => import("./upload.js")],
  ["[data-combobox]", () => import("./combobox.js")],
  ["[data-map]", () => import("./map.js")],
  ["[data-conditions]", () => import("./conditions.js")],
  ["[data-editor], [data-viewer]", () => import("./designer.js")],
  ["[data-regions]", () => import("./regions.js")],
];

/** Bring to life what is inside `root`; each part marks what it has already taken. */
async function enliven(root) {
  for (const [selector, load] of PARTS) {
    const found = [...root.querySelectorAll(selector)].filter((e) => !e.dataset.live);
    if (!found.length) continue;
    for (const element of found) element.dataset.live = "1";
    const part = await load();
    for (const element of found) part.enliven(element);
  }
  root.querySelector("[data-focus]:not(.example *)")?.focus();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
  const closer = event.target.closest("[data-close]");
  if (closer) closer.closest(".notice")?.remove();
  if (event.target.matches("dialog[open]")) event.target.close();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("enliven", (event) => enliven(event.target));
document.addEventListener("htmx:load", (event) => enliven(event.target));

confirmed();
enliven(document.documentElement);

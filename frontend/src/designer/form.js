// Forms: form-js's editor, and its viewer for reading.
import { FormEditor } from "@bpmn-io/form-js-editor";
import { Form } from "@bpmn-io/form-js-viewer";
import { english } from "../words.js";
import { CHINESE } from "./form-words.js";

// form-js says everything in English and has no place for other words: they are put in as it writes them.
function speakChinese(root) {
  const say = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      const words = CHINESE[node.data.trim()];
      if (words) node.data = words;
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE || node.closest("[contenteditable], textarea")) return;
    for (const name of ["title", "placeholder", "aria-label", "data-title"]) {
      const words = CHINESE[node.getAttribute(name)];
      if (words) node.setAttribute(name, words);
    }
    node.childNodes.forEach(say);
  };
  say(root);
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "characterData") say(change.target);
      else change.addedNodes.forEach(say);
    }
  }).observe(root, { subtree: true, childList: true, characterData: true });
}

export async function open(place, { editable, changed }) {
  const canvas = document.createElement("div");
  canvas.className = "canvas";
  place.append(canvas);
  const view = editable ? new FormEditor({ container: canvas }) : new Form({ container: canvas });
  if (editable) view.on("changed", changed);
  if (!english()) speakChinese(canvas);
  const marked = [];
  const at = (id) => canvas.querySelector(`[data-id="${CSS.escape(id)}"], [data-field-id="${CSS.escape(id)}"]`);
  return {
    async load(text) {
      await view.importSchema(JSON.parse(text));
    },
    async text() {
      return JSON.stringify(view.getSchema(), null, 2) + "\n";
    },
    goto(id) {
      if (!editable) return !!at(id);
      const field = view.get("formFieldRegistry").get(id);
      if (!field) return false;
      view.get("selection").set(field);
      return true;
    },
    mark(id, tone, words) {
      const element = at(id);
      if (!element) return;
      element.classList.add(tone);
      if (words) element.title = words;
      marked.push(element);
    },
  };
}

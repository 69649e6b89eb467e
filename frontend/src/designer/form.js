// Forms: form-js's editor, and its viewer for reading.
import { FormEditor } from "@bpmn-io/form-js-editor";
import { Form } from "@bpmn-io/form-js-viewer";

export async function open(place, { editable, changed }) {
  const canvas = document.createElement("div");
  canvas.className = "canvas";
  place.append(canvas);
  const view = editable ? new FormEditor({ container: canvas }) : new Form({ container: canvas });
  if (editable) view.on("changed", changed);
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

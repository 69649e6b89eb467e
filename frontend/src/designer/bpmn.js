// BPMN: bpmn-js, with our own small sheet for what a step needs to run (`tongzheng:…` attributes).
import Modeler from "bpmn-js/lib/Modeler";
import Viewer from "bpmn-js/lib/NavigatedViewer";
import chinese from "bpmn-js-i18n/translations/zn.js";
import { english, t } from "../words.js";
import { properties, TONGZHENG } from "./properties.js";

const MORE = {
  "Search in diagram": "在图中查找",
  "Create element": "创建元素",
  "Append element": "追加元素",
  "Change element": "更改元素",
  Open: "打开",
  Attach: "附着",
};
const translate = {
  translate: [
    "value",
    (text, values = {}) =>
      (english() ? text : MORE[text] || chinese[text] || text).replace(/\{([^}]+)\}/g, (_, name) => values[name] ?? `{${name}}`),
  ],
};

export async function open(place, { editable, changed }) {
  const canvas = document.createElement("div");
  canvas.className = "canvas";
  place.append(canvas);
  const view = new (editable ? Modeler : Viewer)({
    container: canvas,
    additionalModules: [translate],
    moddleExtensions: { tongzheng: TONGZHENG },
  });
  if (editable) {
    properties(view, place);
    view.on("commandStack.changed", changed);
  }
  const marked = [];
  return {
    async load(text) {
      await view.importXML(text);
      for (const [id, tone] of marked.splice(0)) if (view.get("elementRegistry").get(id)) view.get("canvas").removeMarker(id, tone);
      view.get("canvas").zoom("fit-viewport", "auto");
    },
    async text() {
      return (await view.saveXML({ format: true })).xml;
    },
    goto(id) {
      const element = view.get("elementRegistry").get(id);
      if (!element) return false;
      view.get("canvas").scrollToElement(element);
      if (editable) view.get("selection").select(element);
      return true;
    },
    mark(id, tone, words) {
      if (!view.get("elementRegistry").get(id)) return;
      view.get("canvas").addMarker(id, tone);
      marked.push([id, tone]);
      if (!words || view.get("elementRegistry").get(id) === view.get("canvas").getRootElement()) return;
      const note = document.createElement("div");
      note.className = `mark-note ${tone}`;
      note.textContent = "!";
      note.title = words;
      note.setAttribute("role", "img");
      note.setAttribute("aria-label", words);
      view.get("overlays").add(id, "finding", { position: { top: -10, right: 10 }, html: note });
    },
    label: t("流程图", "Process"),
  };
}

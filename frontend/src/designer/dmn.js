// DMN: dmn-js with its tabs of views: the requirements diagram and every decision's own table or expression.
import Modeler from "dmn-js/lib/Modeler";
import Viewer from "dmn-js/lib/NavigatedViewer";
import { english, t } from "../words.js";
import { CHINESE } from "./dmn-words.js";

const translate = {
  translate: [
    "value",
    (text, values = {}) =>
      (english() ? text : CHINESE[text] || text).replace(/\{([^}]+)\}/g, (_, name) => values[name] ?? `{${name}}`),
  ],
};
const PARTS = ["drd", "decisionTable", "literalExpression", "boxedExpression"];
const KINDS = { drd: t("需求图", "Diagram"), decisionTable: "▦", literalExpression: "ƒ", boxedExpression: "▣" };

export async function open(place, { editable, changed }) {
  const tabs = document.createElement("nav");
  tabs.className = "tabs";
  tabs.setAttribute("aria-label", t("视图", "Views"));
  const canvas = document.createElement("div");
  canvas.className = "canvas";
  place.append(tabs, canvas);
  const options = Object.fromEntries(PARTS.map((name) => [name, { additionalModules: [translate] }]));
  const view = new (editable ? Modeler : Viewer)({ container: canvas, ...options });
  const notes = [];

  view.on("views.changed", ({ views, activeView }) => {
    tabs.replaceChildren(
      ...views.map((one) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "plain small";
        button.textContent = one.type === "drd" ? KINDS.drd : `${KINDS[one.type] ?? ""} ${one.element.name || one.element.id}`;
        if (one === activeView) button.setAttribute("aria-current", "page");
        button.addEventListener("click", () => view.open(one));
        return button;
      }),
    );
    const active = view.getActiveViewer();
    if (editable && active && !active.heard) {
      active.heard = true;
      active.on("commandStack.changed", changed);
    }
    redraw();
  });

  // A place is an element's id, or "decision:row,column" of its table.
  function redraw() {
    for (const { id, tone, words } of notes) {
      for (const cell of canvas.querySelectorAll(`[data-row-id="${CSS.escape(id)}"], [data-element-id="${CSS.escape(id)}"]`)) {
        cell.classList.add(tone);
        if (words) cell.title = words;
      }
    }
  }

  return {
    async load(text) {
      await view.importXML(text);
      const table = view.getViews().find((one) => one.type === "decisionTable");
      if (table) await view.open(table);
      notes.length = 0;
    },
    async text() {
      return (await view.saveXML({ format: true })).xml;
    },
    goto(id) {
      const [element] = id.split(":");
      const found = view.getViews().find((one) => one.element.id === element || holds(one.element, element));
      if (!found) return false;
      view.open(found).then(redraw);
      return true;
    },
    mark(id, tone, words) {
      notes.push({ id, tone, words });
      redraw();
    },
  };
}

function holds(element, id) {
  const table = element.decisionLogic;
  return table?.id === id || table?.rule?.some((rule) => rule.id === id || [...rule.inputEntry, ...rule.outputEntry].some((cell) => cell.id === id));
}

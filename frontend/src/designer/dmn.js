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
// The test rows that a decision carries: ours, in its extension elements.
const TESTS = {
  name: "Tests",
  uri: "urn:tongzheng:rules",
  prefix: "tz",
  xml: { tagAlias: "lowerCase" },
  types: [
    {
      name: "Example",
      superClass: ["Element"],
      properties: ["name", "facts", "result"].map((name) => ({ name, isAttr: true, type: "String" })),
    },
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
  const view = new (editable ? Modeler : Viewer)({
    container: canvas,
    moddleExtensions: { tz: TESTS },
    ...options,
  });
  const notes = [];
  const sheet = document.createElement("details");
  sheet.className = "tests";
  place.append(sheet);

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

  // A place is an element's id, "row,column" of the table, or "decision:row,column"; row 0 is the head, column 0 the row.
  function target(id) {
    const found = id.match(/^(?:(.+):)?(\d+),(\d+)$/);
    if (!found) return id;
    const tables = view.getViews().filter((one) => one.type === "decisionTable");
    const table = (tables.find((one) => !found[1] || one.element.id === found[1]) ?? tables[0])?.element.decisionLogic;
    const [row, column] = [Number(found[2]), Number(found[3])];
    if (row === 0) return [...(table?.input ?? []), ...(table?.output ?? [])][column - 1]?.id ?? id;
    const rule = table?.rule?.[row - 1];
    return (column > 0 && [...(rule?.inputEntry ?? []), ...(rule?.outputEntry ?? [])][column - 1]?.id) || rule?.id || id;
  }

  function redraw() {
    for (const { id, tone, words } of notes) {
      const name = CSS.escape(target(id));
      for (const cell of canvas.querySelectorAll(`[data-row-id="${name}"], [data-element-id="${name}"], [data-col-id="${name}"]`)) {
        cell.classList.add(tone);
        if (words) cell.title = words;
      }
    }
  }

  function tests() {
    const decision = view.getDefinitions()?.drgElement?.find((one) => one.$type === "dmn:Decision");
    sheet.replaceChildren();
    if (!decision) return;
    const rows = () => (decision.extensionElements?.values ?? []).filter((one) => one.$type === "tz:Example");
    const summary = document.createElement("summary");
    const list = document.createElement("table");
    list.className = "list stacked";
    const head = list.createTHead().insertRow();
    for (const words of [t("测试名称", "Test"), t("事实（JSON）", "Facts (JSON)"), t("应得结果（JSON）", "Expected (JSON)"), ""]) {
      const cell = document.createElement("th");
      cell.textContent = words;
      head.append(cell);
    }
    const body = list.createTBody();
    const draw = () => {
      summary.textContent = t("测试（{n}）", "Tests ({n})", { n: rows().length });
      body.replaceChildren(...rows().map(line));
    };
    const line = (row) => {
      const tr = document.createElement("tr");
      for (const [name, words] of [["name", t("测试名称", "Test")], ["facts", t("事实", "Facts")], ["result", t("应得结果", "Expected")]]) {
        const input = document.createElement("input");
        input.type = "text";
        input.value = row[name] ?? "";
        input.disabled = !editable;
        input.setAttribute("aria-label", words);
        input.addEventListener("change", () => {
          row[name] = input.value;
          changed();
        });
        input.addEventListener("keydown", (event) => event.key === "Enter" && (event.preventDefault(), input.dispatchEvent(new Event("change"))));
        tr.insertCell().append(input);
      }
      const remove = document.createElement("button");
      remove.type = "button";
      remove.className = "plain small";
      remove.textContent = t("移除", "Remove");
      remove.addEventListener("click", () => {
        decision.extensionElements.values = decision.extensionElements.values.filter((one) => one !== row);
        changed();
        draw();
      });
      tr.insertCell().append(editable ? remove : "");
      return tr;
    };
    sheet.append(summary, list);
    if (editable) {
      const add = document.createElement("button");
      add.type = "button";
      add.className = "small";
      add.textContent = t("加一条测试", "Add a test");
      add.addEventListener("click", () => {
        decision.extensionElements ??= view._moddle.create("dmn:ExtensionElements", { values: [] });
        decision.extensionElements.$parent = decision;
        decision.extensionElements.values ??= [];
        const row = view._moddle.create("tz:Example", { name: "", facts: "{}", result: "null" });
        row.$parent = decision.extensionElements;
        decision.extensionElements.values.push(row);
        changed();
        draw();
      });
      sheet.append(add);
    }
    draw();
  }

  return {
    async load(text) {
      await view.importXML(text);
      const table = view.getViews().find((one) => one.type === "decisionTable");
      if (table) await view.open(table);
      notes.length = 0;
      tests();
    },
    async text() {
      return (await view.saveXML({ format: true })).xml;
    },
    goto(id) {
      const element = target(id);
      const found = view.getViews().find((one) => one.element.id === element || holds(one.element, element));
      if (!found) return false;
      view.open(found).then(() => {
        redraw();
        const name = CSS.escape(element);
        canvas.querySelector(`[data-element-id="${name}"], [data-row-id="${name}"], [data-col-id="${name}"]`)?.scrollIntoView({ block: "center" });
      });
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
  if ([...(table?.input ?? []), ...(table?.output ?? [])].some((column) => column.id === id)) return true;
  return table?.id === id || table?.rule?.some((rule) => rule.id === id || [...rule.inputEntry, ...rule.outputEntry].some((cell) => cell.id === id));
}

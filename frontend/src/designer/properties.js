// What a step of a process needs to run beyond the drawing: our own attributes, in a sheet beside the canvas.
import { t } from "../words.js";

const URI = "urn:tongzheng:bpmn:1";
export const NAMES = ["action", "organisation", "handler", "due", "unit", "tell", "separate", "en", "note", "decision", "result", "service", "script", "form", "prefix", "opens", "reads", "basis", "basisEn"];
export const TONGZHENG = {
  name: "Tongzheng",
  uri: URI,
  prefix: "tongzheng",
  xml: { tagAlias: "lowerCase" },
  types: [
    {
      name: "Run",
      extends: ["bpmn:BaseElement"],
      properties: NAMES.map((name) => ({ name, isAttr: true, type: "String" })),
    },
  ],
};

const WORK = ["bpmn:UserTask", "bpmn:ManualTask"];
const SHEET = [
  ["en", t("英文名称", "English name"), ["bpmn:FlowNode", "bpmn:Process"]],
  ["prefix", t("编号前缀（大写字母）", "Prefix of numbers (capitals)"), ["bpmn:Process"]],
  ["basis", t("法定依据", "Legal basis"), ["bpmn:Process"]],
  ["basisEn", t("法定依据（英文）", "Legal basis in English"), ["bpmn:Process"]],
  ["opens", t("谁能发起（权限）", "Who may open (action)"), ["bpmn:Process"]],
  ["reads", t("谁能查看（权限）", "Who may read (action)"), ["bpmn:Process"]],
  ["action", t("由谁办理（权限，或 @applicant）", "Who does it (action, or @applicant)"), [...WORK, "bpmn:Lane"]],
  ["organisation", t("办理单位", "Organisation"), [...WORK, "bpmn:Lane"]],
  ["form", t("表单", "Form"), [...WORK, "bpmn:StartEvent"]],
  ["separate", t("不得与这些环节同一人", "Not by who did these steps"), WORK],
  ["note", t("意见（required、optional、none）", "Note (required, optional, none)"), WORK],
  ["due", t("时限", "Time limit"), [...WORK, "bpmn:Process"]],
  ["unit", t("时限单位", "Unit"), [...WORK, "bpmn:Process"]],
  ["tell", t("发出的消息", "Message sent"), ["bpmn:Task", "bpmn:EndEvent"]],
  ["decision", t("决策表", "Decision"), ["bpmn:BusinessRuleTask"]],
  ["result", t("结果存入", "Result kept as"), ["bpmn:BusinessRuleTask", "bpmn:ServiceTask", "bpmn:ScriptTask"]],
  ["service", t("能力服务", "Service"), ["bpmn:ServiceTask"]],
  ["script", t("FEEL 表达式", "FEEL expression"), ["bpmn:ScriptTask"]],
];

export function properties(view, place) {
  const sheet = document.createElement("div");
  sheet.className = "properties";
  place.append(sheet);
  let shown = null;

  const show = (element) => {
    shown = element;
    sheet.replaceChildren();
    const thing = element?.businessObject;
    if (!thing || element.type === "label") return;
    const is = (type) => thing.$instanceOf?.(type);
    const head = document.createElement("h3");
    head.textContent = thing.name || thing.id;
    sheet.append(head, entry(t("名称", "Name"), thing.name ?? "", (name) => change({ name })));
    if (is("bpmn:SequenceFlow")) {
      const words = t("条件（FEEL）", "Condition (FEEL)");
      sheet.append(entry(words, thing.conditionExpression?.body ?? "", (body) => change({ conditionExpression: body ? view.get("moddle").create("bpmn:FormalExpression", { body }) : undefined })));
    }
    if (is("bpmn:Process")) {
      sheet.append(tick(t("可以执行", "Can be run"), !!thing.isExecutable, (isExecutable) => change({ isExecutable })));
    }
    for (const [name, title, types] of SHEET) {
      if (types.some(is)) sheet.append(entry(title, thing.get(`tongzheng:${name}`) ?? "", (value) => change({ [`tongzheng:${name}`]: value || undefined }), name));
    }
  };
  const change = (values) => shown && view.get("modeling").updateProperties(shown, values);

  view.on("selection.changed", ({ newSelection }) => show(newSelection.length === 1 ? newSelection[0] : newSelection.length ? null : view.get("canvas").getRootElement()));
  view.on("import.done", () => show(view.get("canvas").getRootElement()));
  view.on("element.changed", ({ element }) => {
    if (element === shown && !sheet.contains(document.activeElement)) show(element);
  });
}

function entry(title, value, take, name = "") {
  const label = document.createElement("label");
  const input = document.createElement("input");
  label.append(title, input);
  input.type = "text";
  input.value = value;
  input.dataset.property = name || title;
  let kept = value;
  // Taken once: a second change upon leaving the entry would redraw what the reader is about to click.
  const keep = () => {
    if (input.value.trim() === kept) return;
    kept = input.value.trim();
    take(kept);
  };
  input.addEventListener("change", keep);
  // Enter must not send the whole form.
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      keep();
    }
  });
  return label;
}

function tick(title, on, take) {
  const label = document.createElement("label");
  label.className = "choice";
  const input = document.createElement("input");
  input.type = "checkbox";
  input.checked = on;
  input.addEventListener("change", () => take(input.checked));
  label.append(input, title);
  return label;
}

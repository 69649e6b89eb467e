// The designer around the text in `[data-editor="bpmn|dmn|form"]` and the viewer `<div data-viewer data-source>`. What is drawn
// is written into the form's own text, so that saving, keeping on the device and the conflict page work as everywhere;
// without JavaScript, or if a drawing cannot be shown, the text itself is there.
import { t, toast } from "./words.js";

const KINDS = {
  bpmn: () => import("./designer/bpmn.js"),
  dmn: () => import("./designer/dmn.js"),
  form: () => import("./designer/form.js"),
};
const PAUSE = 500;

export async function enliven(box) {
  const kind = box.dataset.editor || box.dataset.viewer;
  if (!KINDS[kind]) return;
  const part = await KINDS[kind]();
  await sheet(kind);
  if (box.dataset.editor) await edit(box, part);
  else await show(box, part);
}

async function sheet(kind) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL(`../designer/${kind}.css`, import.meta.url).href;
  const loaded = new Promise((done) => (link.onload = link.onerror = done));
  document.head.append(link);
  await loaded;
}

function board(kind, label) {
  const place = document.createElement("div");
  place.className = `board board-${kind}`;
  place.setAttribute("role", "application");
  place.setAttribute("aria-label", label);
  place.tabIndex = 0;
  return place;
}

async function edit(field, part) {
  const form = field.closest("form");
  const text = field.querySelector("textarea[name=content]");
  const place = board(field.dataset.editor, t("设计器", "Designer"));
  const source = document.createElement("details");
  source.className = "source";
  source.innerHTML = "<summary></summary>";
  source.firstChild.textContent = t("源文本", "Source text");
  field.before(place, source);
  source.append(field);

  let own = false;
  let dirty = false;
  let typed = false;
  let timer = 0;
  const design = await part.open(place, { editable: true, changed });
  await load();

  function changed() {
    if (typed) return;
    dirty = true;
    clearTimeout(timer);
    timer = setTimeout(write, PAUSE);
  }
  async function write() {
    clearTimeout(timer);
    if (!dirty) return;
    dirty = false;
    const now = await design.text();
    if (typed || now === text.value) return;
    own = true;
    text.value = now;
    text.dispatchEvent(new Event("input", { bubbles: true }));
    own = false;
  }
  async function load() {
    try {
      await design.load(text.value);
      place.hidden = false;
    } catch (error) {
      place.hidden = true;
      source.open = true;
      toast(t("内容画不出来，请在源文本里改正：{why}", "This cannot be drawn; correct it in the source text: {why}", { why: error.message }), "late");
      return;
    }
    typed = false;
    marks(design, place);
  }
  // Typed into the source, or given back from this device.
  let reload = 0;
  text.addEventListener("input", () => {
    if (own) return;
    // It is newer than what was drawn, which must not be written over it.
    typed = true;
    dirty = false;
    clearTimeout(timer);
    clearTimeout(reload);
    reload = setTimeout(load, PAUSE);
  });
  form.addEventListener(
    "submit",
    (event) => {
      if (!dirty) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      // Not at once: while its own submission is being told about, a form takes no other.
      write().then(() => setTimeout(() => form.requestSubmit(event.submitter)));
    },
    true,
  );
  field.dataset.ready = "1";
  form.dataset.ready = "1";
}

async function show(box, part) {
  const place = board(box.dataset.viewer, t("图", "Drawing"));
  box.append(place);
  try {
    const answer = await fetch(box.dataset.source);
    const design = await part.open(place, { editable: false, changed() {} });
    await design.load(await answer.text());
    marks(design, place);
    box.dataset.ready = "1";
  } catch {
    place.remove(); // The list of parts below says the same.
  }
}

/** Show findings and the steps of a simulation at their elements, and go to an element from its line. */
function marks(design, place) {
  for (const line of document.querySelectorAll("#findings li")) {
    const goto = line.querySelector("[data-goto]");
    if (goto) design.mark(goto.dataset.goto, line.querySelector(".tag.late") ? "late" : "soon", line.textContent.trim());
  }
  // Of two versions side by side, each shows what is changed or only its own.
  const side = place.parentElement.dataset.side;
  for (const line of document.querySelectorAll("[data-change]")) {
    const kind = line.dataset.change;
    if (side === "before" ? kind === "added" : kind === "removed") continue;
    design.mark(line.querySelector("[data-goto]").dataset.goto, { added: "walked", removed: "late", changed: "soon" }[kind], "");
  }
  for (const step of document.querySelectorAll(".walk [data-goto]")) design.mark(step.dataset.goto, "walked", "");
  for (const goto of document.querySelectorAll("[data-goto]")) {
    if (goto.dataset.wired) continue;
    goto.dataset.wired = "1";
    goto.addEventListener("click", () => {
      if (!design.goto(goto.dataset.goto)) return;
      place.scrollIntoView({ block: "center" });
      place.focus({ preventScroll: true });
    });
  }
}

// Keeps what is typed into `<form data-keep="id">` and gives it back after an expired session, a crash or a lost
// connection. Passwords, files, hidden entries and entries marked `data-private` are never kept.
import { forget, nameOf } from "./kept.js";
import { t } from "./words.js";

const SKIP = ["password", "file", "hidden", "submit", "button", "reset", "image"];
const entries = (form) =>
  [...form.elements].filter((e) => e.name && !SKIP.includes(e.type) && !e.closest("[data-private]") && !e.disabled);

function read(form) {
  const values = {};
  for (const e of entries(form)) {
    const one = e.type === "checkbox" || e.type === "radio" ? (e.checked ? e.value : null) : e.value;
    values[e.name] ??= [];
    if (one !== null) values[e.name].push(one);
  }
  return values;
}

function write(form, values) {
  const left = structuredClone(values);
  for (const e of entries(form)) {
    if (!left[e.name]) continue;
    if (e.type === "checkbox" || e.type === "radio") e.checked = left[e.name].includes(e.value);
    else e.value = left[e.name].shift() ?? "";
    e.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

export function enliven(form) {
  const path = new URL(form.getAttribute("action") || location.href, location.href).pathname;
  const id = form.dataset.keep || path;
  const name = nameOf(id);
  const blank = read(form);
  let timer = 0;

  const keep = () => {
    clearTimeout(timer);
    if (form.dataset.taken || !form.isConnected) return;
    const values = read(form);
    if (JSON.stringify(values) === JSON.stringify(blank)) return;
    try {
      localStorage.setItem(name, JSON.stringify({ at: Date.now(), values }));
    } catch {
      // The device has no room or forbids keeping: the form works as without us.
    }
  };
  const later = () => {
    delete form.dataset.taken;
    clearTimeout(timer);
    timer = setTimeout(keep, 400);
  };

  const kept = JSON.parse(localStorage.getItem(name) ?? "null");
  if (kept && JSON.stringify(kept.values) !== JSON.stringify(blank)) {
    write(form, kept.values);
    form.prepend(offer(form, name, blank));
  }
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  addEventListener("pagehide", keep);
  form.addEventListener("submit", () => {
    keep();
    // The server turns this cookie into `kept` when it accepts what was sent to this address, and only then.
    document.cookie = `keeping=${encodeURIComponent(id)}; Max-Age=900; Path=${path}; SameSite=Lax`;
  });
}

// A form that htmx sent was taken when the answer is good: slips come back as 422.
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form[data-keep]");
  if (form && event.detail.successful && event.detail.requestConfig?.verb === "post") {
    form.dataset.taken = "1";
    forget(form.dataset.keep || new URL(form.getAttribute("action") || location.href, location.href).pathname);
  }
});

function offer(form, name, blank) {
  const box = document.createElement("div");
  box.className = "notice";
  box.setAttribute("role", "status");
  const words = document.createElement("div");
  words.textContent = t(
    "已恢复您上次在这台设备上填写的内容。文件和口令需要重新填写。",
    "What you typed on this device last time is restored. Files and passwords must be given again.",
  );
  const button = document.createElement("button");
  button.type = "button";
  button.className = "small";
  button.textContent = t("清除", "Clear it");
  button.addEventListener("click", () => {
    write(form, blank);
    localStorage.removeItem(name);
    box.remove();
  });
  box.append(words, button);
  return box;
}

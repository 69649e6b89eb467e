// A combobox over an address that answers `?q=` with `<li data-value="…">words</li>` (ARIA 1.2 editable combobox).
// Without JavaScript the text entry `<name>_words` is sent and the server looks it up.
import { t } from "./words.js";

let count = 0;

export function enliven(box) {
  const input = box.querySelector("input[type=text]");
  const hidden = box.querySelector("input[type=hidden]");
  const list = document.createElement("div");
  list.id = `combobox-${++count}`;
  list.setAttribute("role", "listbox");
  list.hidden = true;
  box.append(list);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", list.id]]) {
    input.setAttribute(name, value);
  }
  let chosen = -1;
  let timer = 0;
  let asked = 0;
  const options = () => [...list.querySelectorAll('[role="option"]')];

  const show = (on) => {
    list.hidden = !on;
    input.setAttribute("aria-expanded", String(on));
    if (!on) input.removeAttribute("aria-activedescendant");
  };
  const mark = (index) => {
    const all = options();
    chosen = all.length ? (index + all.length) % all.length : -1;
    all.forEach((option, i) => option.setAttribute("aria-selected", String(i === chosen)));
    if (all[chosen]) {
      input.setAttribute("aria-activedescendant", all[chosen].id);
      all[chosen].scrollIntoView({ block: "nearest" });
    }
  };
  const take = (option) => {
    hidden.value = option.dataset.value;
    input.value = option.dataset.words ?? option.textContent.trim();
    show(false);
    hidden.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const ask = async () => {
    const mine = ++asked;
    const address = new URL(box.dataset.combobox, location.href);
    address.searchParams.set("q", input.value);
    let items = [];
    try {
      const answer = await fetch(address, { headers: { Accept: "text/html" } });
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        items = [...page.querySelectorAll("li[data-value]")];
      }
    } catch {
      // No connection: what was typed is still sent.
    }
    if (mine !== asked) return;
    chosen = -1;
    list.replaceChildren(
      ...items.map((item, i) => {
        const option = document.createElement("div");
        option.id = `${list.id}-${i}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        Object.assign(option.dataset, item.dataset);
        option.append(...item.childNodes);
        return option;
      }),
    );
    if (!items.length) {
      const none = document.createElement("p");
      none.textContent = t("没有找到", "Nothing found");
      list.append(none);
    }
    show(document.activeElement === input);
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 180);
  };

  input.addEventListener("input", (event) => {
    if (!event.isTrusted) return;
    hidden.value = "";
    later();
  });
  input.addEventListener("focus", later);
  input.addEventListener("blur", () => setTimeout(() => show(false), 150));
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) ask();
      else mark(chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && !list.hidden && chosen >= 0) {
      event.preventDefault();
      take(options()[chosen]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      show(false);
    }
  });
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const option = event.target.closest('[role="option"]');
    if (option) take(option);
  });
}

// Files: shows what was chosen, checks sizes before anything is sent, and shows the progress of sending.
import { size, t } from "./words.js";

export function enliven(drop) {
  const input = drop.querySelector("input[type=file]");
  const list = drop.querySelector(".files");
  const zone = drop.querySelector(".zone");
  const limit = Number(drop.dataset.limit);

  const show = () => {
    list.replaceChildren();
    const large = [...input.files].filter((f) => f.size > limit);
    for (const file of input.files) list.append(row(input, file, file.size > limit));
    input.setCustomValidity(
      large.length
        ? t("“{name}”有 {size}，超过 {limit}，请换一个或改小", "“{name}” is {size}, more than {limit}: choose another or make it smaller", {
            name: large[0].name,
            size: size(large[0].size),
            limit: size(limit),
          })
        : "",
    );
    if (large.length) input.reportValidity();
  };
  input.addEventListener("change", show);
  for (const name of ["dragover", "dragleave", "drop"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.toggle("over", name === "dragover");
      if (name !== "drop" || !event.dataTransfer.files.length) return;
      const taken = new DataTransfer();
      for (const file of [...event.dataTransfer.files].slice(0, input.multiple ? undefined : 1)) taken.items.add(file);
      input.files = taken.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
  const form = input.form;
  if (form && !form.dataset.sends && !form.hasAttribute("hx-post")) {
    form.dataset.sends = "1";
    form.addEventListener("submit", (event) => send(event, form));
  }
}

function row(input, file, large) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  name.textContent = `${file.name} · ${size(file.size)}`;
  if (large) {
    name.className = "error";
    name.prepend(input.closest("[data-drop]").querySelector(".files").dataset.tooLarge);
  }
  const remove = document.createElement("button");
  remove.type = "button";
  remove.className = "small plain";
  remove.textContent = input.closest("[data-drop]").querySelector(".files").dataset.remove;
  remove.addEventListener("click", () => {
    const left = new DataTransfer();
    for (const other of input.files) if (other !== file) left.items.add(other);
    input.files = left.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  item.append(name, remove);
  return item;
}

function send(event, form) {
  if (form.dataset.sending) {
    event.preventDefault();
    return;
  }
  const chosen = [...form.querySelectorAll("input[type=file]")].some((input) => input.files.length);
  if (event.defaultPrevented || !chosen) return;
  event.preventDefault();
  form.dataset.sending = "1";
  event.submitter?.setAttribute("aria-busy", "true");
  const bar = document.createElement("progress");
  bar.max = 100;
  bar.value = 0;
  bar.setAttribute("aria-label", t("正在上传", "Uploading"));
  (event.submitter ?? form).after(bar);

  const request = new XMLHttpRequest();
  request.open("POST", form.action || location.href);
  request.setRequestHeader("Accept", "text/html");
  request.upload.addEventListener("progress", (e) => e.lengthComputable && (bar.value = (100 * e.loaded) / e.total));
  request.addEventListener("load", () => {
    // A redirect has been followed: go there. Anything else is the page that answers this address.
    if (request.status < 400 && new URL(request.responseURL).pathname !== new URL(form.action || location.href, location.href).pathname) {
      location.assign(request.responseURL);
      return;
    }
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    document.title = page.title;
    document.body.replaceWith(page.body);
    document.documentElement.dataset.face = page.documentElement.dataset.face ?? "";
    document.documentElement.dispatchEvent(new CustomEvent("enliven", { bubbles: true }));
    scrollTo(0, 0);
  });
  request.addEventListener("error", () => {
    bar.remove();
    const words = document.createElement("p");
    words.className = "error";
    words.setAttribute("role", "alert");
    words.textContent = t("网络断了，没有提交成功；填写的内容还在，请再试一次。", "The connection broke and nothing was sent; all you typed is still here. Please try again.");
    (event.submitter ?? form).after(words);
    delete form.dataset.sending;
    event.submitter?.removeAttribute("aria-busy");
  });
  request.send(new FormData(form, event.submitter));
}

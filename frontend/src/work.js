// On the staff faces: htmx swaps parts of a page, so that the list stays while the sheet changes.
import htmx from "htmx.org";
import "./inbox.js";

Object.assign(htmx.config, {
  includeIndicatorStyles: false,
  allowEval: false,
  selfRequestsOnly: true,
  historyCacheSize: 0,
  // A refusal is swapped too: the server sends it to #notices (see tongzheng/site/faults.py).
  responseHandling: [
    { code: "204", swap: false },
    { code: "[23]..", swap: true },
    { code: "[45]..", swap: true, error: true },
  ],
});

document.addEventListener("htmx:configRequest", (event) => {
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  if (token) event.detail.headers["X-CSRFToken"] = token[1];
});
document.addEventListener("htmx:sendError", () => {
  import("./words.js").then(({ t, toast }) =>
    toast(t("网络断了，没有提交；请再试一次。", "The connection broke, nothing was sent; please try again."), "late"),
  );
});
// The chosen row stays marked when its sheet has come.
document.addEventListener("htmx:afterRequest", (event) => {
  const row = event.detail.successful && event.target.closest?.(".list tbody tr");
  if (!row) return;
  for (const other of row.parentElement.children) other.setAttribute("aria-selected", String(other === row));
});

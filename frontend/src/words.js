// Both languages at the place of use, as in Python and in the templates.
export const english = () => document.documentElement.lang.startsWith("en");

/** Return the reader's language of two texts; `{name}` places are filled from `values`. */
export function t(zh, en, values = {}) {
  return (english() ? en : zh).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Show a notice for a while; it is read out by the live region that holds it. */
export function toast(words, tone = "") {
  const box = document.createElement("div");
  box.className = `notice ${tone}`.trim();
  box.textContent = words;
  document.getElementById("notices")?.append(box);
  setTimeout(() => box.remove(), 8000);
}

/** Return how many bytes that is, in words. */
export function size(bytes) {
  return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

// Forms declared with `Field.when`: an entry is shown only while the other entry has the value that it waits for.
// Without this module every entry is on the page with the words of its condition, and the server decides.

function answered(form, entry) {
  const wanted = entry.dataset.whenValue.toLowerCase();
  const given = new FormData(form).getAll(entry.dataset.when).map((value) => String(value).toLowerCase());
  // An empty tick box sends nothing, and nothing means no.
  return given.includes(wanted) || (wanted === "false" && given.length === 0);
}

function arrange(form) {
  const waiting = form.querySelectorAll("[data-when]");
  // A shown entry may be what another one waits for, so look again until nothing changes.
  for (let round = 0; round <= waiting.length; round += 1) {
    let changed = false;
    for (const entry of waiting) {
      const hide = !answered(form, entry);
      changed ||= entry.hidden !== hide;
      entry.hidden = hide;
      // A disabled entry is not sent, so it answers nothing and is not insisted on.
      for (const input of entry.querySelectorAll("input, select, textarea")) input.disabled = hide;
    }
    if (!changed) return;
  }
}

export function enliven(entries) {
  const form = entries.closest("form");
  if (!form || !entries.querySelector("[data-when]")) return;
  for (const words of entries.querySelectorAll("[data-when-words]")) words.hidden = true;
  for (const kind of ["change", "input"]) form.addEventListener(kind, () => arrange(form));
  arrange(form);
}

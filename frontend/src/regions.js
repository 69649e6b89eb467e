// The region chooser: choosing a county brings its townships, a township its villages. The server draws the selects.

async function extend(chain, select) {
  const selects = [...chain.querySelectorAll("select")];
  const place = selects.indexOf(select);
  const query = new URLSearchParams({
    name: chain.dataset.name,
    code: select.value || (place > 0 ? selects[place - 1].value : ""),
  });
  if (selects[0].required) query.set("required", "1");
  chain.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(`${chain.dataset.regions}?${query}`);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    chain.replaceChildren(...page.querySelector("[data-regions]").childNodes);
    chain.querySelectorAll("select")[place]?.focus();
  } catch {
    // No connection: what has been chosen so far is still sent.
  } finally {
    chain.removeAttribute("aria-busy");
  }
}

export function enliven(chain) {
  chain.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement) extend(chain, event.target);
  });
}

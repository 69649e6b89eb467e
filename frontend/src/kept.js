// Drafts: what was typed stays on this device until the server confirms it. This is the small part on every page;
// draft.js keeps and restores.
const PREFIX = "draft:";
export const LIFE = 24 * 3600 * 1000;

/** The name of a form's draft: drafts of another person on the same device are not offered. */
export const nameOf = (id) => `${PREFIX}${document.documentElement.dataset.account || "-"}:${id}`;

const drafts = () => Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));

export function forget(id) {
  for (const name of drafts()) if (name.endsWith(`:${id}`)) localStorage.removeItem(name);
}

/** Drop what the server confirmed (cookie `kept`, or `data-confirms` on the page) and what is too old. */
export function confirmed() {
  const cookie = document.cookie.match(/(?:^|; )kept=([^;]+)/);
  if (cookie) {
    forget(decodeURIComponent(cookie[1]));
    document.cookie = "kept=; Max-Age=0; Path=/; SameSite=Lax";
  }
  for (const element of document.querySelectorAll("[data-confirms]")) forget(element.dataset.confirms);
  for (const name of drafts()) {
    try {
      if (Date.now() - JSON.parse(localStorage.getItem(name)).at > LIFE) localStorage.removeItem(name);
    } catch {
      localStorage.removeItem(name);
    }
  }
}

// Signing out leaves nothing behind: a hall's computer is used by many people.
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-sign-out]")) for (const name of drafts()) localStorage.removeItem(name);
});

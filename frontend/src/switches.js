// Theme and size change at once, without losing what is being typed. Without JavaScript the same forms reload the page.
import { t } from "./words.js";

const THEMES = ["auto", "dark", "light"];
const ICONS = { auto: "contrast", dark: "moon", light: "sun" };
const words = (theme) =>
  ({ auto: t("深浅随设备", "Light or dark as the device"), dark: t("深色", "Dark"), light: t("浅色", "Light") })[theme];

function keep(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Max-Age=31536000; Path=/; SameSite=Lax${secure}`;
}

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!event.target.matches("form.switch") || !["size", "theme"].includes(button?.name)) return;
  event.preventDefault();
  const { name, value } = button;
  document.documentElement.dataset[name] = value;
  keep(name, value);
  if (name === "size") {
    button.value = value === "large" ? "normal" : "large";
    button.setAttribute("aria-pressed", String(value === "large"));
  } else {
    const next = THEMES[(THEMES.indexOf(value) + 1) % THEMES.length];
    button.value = next;
    button.title = t("改为：{next}", "Change to: {next}", { next: words(next) });
    const use = button.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${ICONS[value]}`));
    use.parentElement.setAttribute("aria-label", words(next));
  }
});

import { byId } from "./dom.ts";

/** On narrow screens the panel is a drawer below the chat; on wide ones the button is hidden and this does nothing. */
export function drawer(): void {
  const panel = byId("panel", HTMLElement);
  const toggle = byId("panel-toggle", HTMLButtonElement);
  const open = (wanted: boolean) => {
    panel.classList.toggle("open", wanted);
    toggle.setAttribute("aria-expanded", String(wanted));
  };
  toggle.addEventListener("click", () => open(toggle.getAttribute("aria-expanded") !== "true"));
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || toggle.getAttribute("aria-expanded") !== "true") return;
    open(false);
    toggle.focus();
  });
}

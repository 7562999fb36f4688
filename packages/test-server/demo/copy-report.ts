import { byId, setText } from "./dom.ts";
import type { Client } from "./encke.ts";

const THANKS_MS = 2000;

/** The button that copies the client's report, and the field that shows it, selected, where a page may not copy. */
export function copyReport(client: Client): void {
  const button = byId("copy-report", HTMLButtonElement);
  const field = byId("report", HTMLTextAreaElement);
  const status = byId("copy-status", HTMLElement);
  const words = button.textContent;
  let thanks: ReturnType<typeof setTimeout> | undefined;

  button.addEventListener("click", async () => {
    const text = JSON.stringify(client.report(), null, 2);
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without https there is no clipboard, and with it somebody may have forbidden it.
      field.value = text;
      field.hidden = false;
      field.focus();
      field.select();
      return;
    }
    setText(button, "Copied");
    setText(status, "The report is on the clipboard");
    clearTimeout(thanks);
    thanks = setTimeout(() => {
      setText(button, words);
      setText(status, "");
    }, THANKS_MS);
  });
  field.addEventListener("blur", () => {
    field.hidden = true;
  });
}

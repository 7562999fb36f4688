import { byId } from "./dom.ts";

/** The field below the messages: Enter sends, Shift+Enter starts a new line. */
export function composer(send: (text: string) => void): { setRoom(name: string): void } {
  const form = byId("composer", HTMLFormElement);
  const input = byId("message-input", HTMLTextAreaElement);

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value.trim();
    input.value = "";
    fit();
    if (text !== "") send(text);
    input.focus();
  });
  input.addEventListener("keydown", (event) => {
    // Enter that only ends the composition of a character (Japanese, Chinese …) is no order to send.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  input.addEventListener("input", fit);

  /** As many lines as the text has; the style sheet sets the limit. */
  function fit(): void {
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight}px`;
  }

  return {
    setRoom(name) {
      input.placeholder = `Write to ${name}`;
    },
  };
}

import { byId, setText } from "./dom.ts";
import type { NetworkFaults } from "./faults/network-faults.ts";

const CUT_MS = 10_000;

/**
 * The four buttons, and the line above the message field that says what is broken.
 *
 * @param did told what the visitor did, in words
 */
export function faultButtons(faults: NetworkFaults, did: (what: string) => void): void {
  const kill = byId("kill-websocket", HTMLButtonElement);
  const block = byId("block-websocket", HTMLButtonElement);
  const hold = byId("hold-streams", HTMLButtonElement);
  const cut = byId("cut-everything", HTMLButtonElement);

  kill.addEventListener("click", () => {
    const killed = faults.killWebSockets();
    did(
      killed === 0
        ? "There was no WebSocket to kill"
        : `You killed ${killed === 1 ? "the WebSocket" : `${killed} WebSockets`}`,
    );
  });
  block.addEventListener("click", () => {
    faults.blockWebSocket(!faults.blocked);
    did(faults.blocked ? "You blocked WebSocket" : "You let WebSocket through again: encke will try it by and by");
  });
  hold.addEventListener("click", () => {
    faults.holdStreams(!faults.held);
    did(faults.held ? "You hold streams back" : "You let streams pass again: encke will try them by and by");
  });
  cut.addEventListener("click", () => {
    if (faults.cut) return;
    faults.cutEverything(CUT_MS);
    did(`You cut everything for ${CUT_MS / 1000} s`);
  });

  let ticking: ReturnType<typeof setInterval> | undefined;
  const show = () => {
    block.setAttribute("aria-pressed", String(faults.blocked));
    hold.setAttribute("aria-pressed", String(faults.held));
    // Not `disabled`: that would take the focus away from whoever pressed it.
    cut.setAttribute("aria-disabled", String(faults.cut));
    const seconds = Math.ceil(faults.cutRemaining / 1000);
    setText(cut, faults.cut ? `Cut: back in ${seconds} s` : `Cut everything for ${CUT_MS / 1000} s`);
    cut.style.setProperty("--remaining", String(faults.cutRemaining / CUT_MS));
    if (faults.cut) {
      ticking ??= setInterval(show, 100);
    } else {
      clearInterval(ticking);
      ticking = undefined;
    }
  };
  faults.onChange(show);
  show();
}

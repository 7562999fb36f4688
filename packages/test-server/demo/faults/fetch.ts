import { type Breakable, type Line, moment } from "./line.ts";

/** Statuses with which no Response can be constructed around a body (Fetch, "null body status"). */
const WITHOUT_BODY = [204, 205, 304];

/** A fetch that rejects while the line is cut, and whose answers break off in the middle when it is, or are held back until they are complete. */
export function faultyFetch(real: typeof fetch, line: Line): typeof fetch {
  return async (input, init) => {
    const wish = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    if (!line.httpPasses) {
      await aMoment(wish ?? undefined);
      throw new TypeError("Failed to fetch");
    }
    const control = new AbortController();
    const exchange: Breakable = {
      kind: "stream",
      break() {
        line.open.delete(exchange);
        setTimeout(() => control.abort(new TypeError("network error")));
      },
    };
    line.open.add(exchange);
    const { streamsPass } = line;
    if (wish?.aborted) control.abort(wish.reason);
    else wish?.addEventListener("abort", () => control.abort(wish.reason), { once: true });
    try {
      const response = await real(input, { ...init, signal: control.signal });
      return whenRead(streamsPass ? response : await whole(response), () => line.open.delete(exchange));
    } catch (error) {
      line.open.delete(exchange);
      throw error;
    }
  };
}

/** `sendBeacon` says only whether the browser took it; what a dead network does to it nobody hears. */
export function faultySendBeacon(real: Navigator["sendBeacon"], line: Line): Navigator["sendBeacon"] {
  return (url, data) => (line.httpPasses ? real(url, data) : true);
}

function aMoment(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    setTimeout(resolve, moment());
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** The same response, when all of it is there. */
async function whole(response: Response): Promise<Response> {
  if (response.body === null) return response;
  const copy = new Response(await response.blob(), response);
  return Object.defineProperty(copy, "url", { value: response.url });
}

/** The same response, which calls `over` when its body has ended in any way. */
function whenRead(response: Response, over: () => void): Response {
  if (response.body === null || WITHOUT_BODY.includes(response.status)) {
    over();
    return response;
  }
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          over();
          controller.close();
        } catch (error) {
          over();
          controller.error(error);
        }
      },
      cancel(reason) {
        over();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  const copy = new Response(body, response);
  return Object.defineProperty(copy, "url", { value: response.url });
}

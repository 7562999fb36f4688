import { expect, test } from "./testing/browser.ts";

test("loading encke.min.js makes one global, and does nothing else", async ({ server, context }) => {
  const page = await context.newPage();
  const requests: string[] = [];
  page.on("request", (request) => requests.push(new URL(request.url()).pathname));
  await page.addInitScript(() => {
    const calls: string[] = [];
    const scope = globalThis as unknown as Record<string, unknown>;
    const note = (owner: Record<string, unknown>, name: string) => {
      const real = owner[name] as { apply(self: unknown, parameters: unknown[]): unknown };
      owner[name] = function (this: unknown, ...parameters: unknown[]) {
        calls.push(name);
        return new.target ? Reflect.construct(real as never, parameters) : real.apply(this, parameters);
      };
    };
    const functions = ["setTimeout", "setInterval", "requestAnimationFrame", "requestIdleCallback", "queueMicrotask"];
    for (const name of [...functions, "fetch", "WebSocket", "XMLHttpRequest", "EventSource", "Worker"])
      note(scope, name);
    note(EventTarget.prototype as never, "addEventListener");
    note(Storage.prototype as never, "getItem");
    note(Navigator.prototype as never, "sendBeacon");
    Object.defineProperty(scope, "calls", { value: calls });
    Object.defineProperty(scope, "before", { value: Object.getOwnPropertyNames(scope) });
  });
  await page.goto(`${server.url}/bare.html`);
  const { calls, added } = await page.evaluate(() => {
    const { calls, before } = globalThis as unknown as { calls: string[]; before: string[] };
    return { calls, added: Object.getOwnPropertyNames(globalThis).filter((name) => !before.includes(name)) };
  });
  expect(calls).toEqual([]);
  expect(added.filter((name) => name !== "before")).toEqual(["Encke"]);
  expect(requests).toEqual(["/bare.html", "/encke.min.js"]);
});

test("the ES modules connect from a module Worker, which has no page around it", async ({ server, openPage }) => {
  const page = await openPage(`${server.url}/blank.html`);
  const answers = await page.evaluate(async () => {
    const worker = new Worker("worker.js", { type: "module" });
    const answers: { text: string; transport: string }[] = [];
    await new Promise<void>((resolve, reject) => {
      worker.onerror = (event) => reject(new Error(event.message));
      worker.onmessage = ({ data }) => {
        answers.push(data);
        // On until the session has moved, which shows that a Worker has all that it takes.
        if (data.transport === "websocket") resolve();
        else worker.postMessage(String(answers.length));
      };
      worker.postMessage("0");
    });
    return answers;
  });
  expect(answers.map(({ text }) => text)).toEqual(answers.map((_, at) => String(at)));
  expect(answers.at(-1)?.transport).toBe("websocket");
});

import { afterEach, describe, expect, it } from "vitest";
import { createServer, type EnckeServer, type ServerOptions } from "../server.ts";
import { StompSocket } from "../testing/stomp-socket.ts";

let server: EnckeServer;
afterEach(() => server.close());

async function listen(options: ServerOptions = {}) {
  server = createServer({ port: 0, stompPort: 0, ...options });
  await server.listen();
}

const post = (path: string, body: string | Uint8Array<ArrayBuffer> = "x", headers: Record<string, string> = {}) =>
  fetch(`${server.url}/publish${path}`, { method: "POST", body, headers });

describe("POST /publish/<destination>", () => {
  it("publishes the body as it is, with its content type, and answers when the broker has it", async () => {
    await listen();
    const program = await StompSocket.open(server.stompPort!);
    program.write("CONNECT\naccept-version:1.2\nhost:x\n\n\0SUBSCRIBE\nid:1\ndestination:/topic/a b\nreceipt:1\n\n\0");
    await program.until(({ frames }) => frames.at(-1)?.command === "RECEIPT");
    const response = await post("/topic/a%20b", "☄", { "content-type": "text/x-comet" });
    expect(response.status).toBe(204);
    await program.until(({ frames }) => frames.at(-1)?.command === "MESSAGE");
    const { headers, body } = program.frames.at(-1)!;
    expect(headers["content-type"]).toBe("text/x-comet");
    expect(Buffer.from(body as Uint8Array).toString()).toBe("☄");
    program.close();
  });

  it("takes octets that are no text", async () => {
    await listen();
    expect((await post("/queue/octets", new Uint8Array([0xff, 0, 1]))).status).toBe(204);
  });

  it.each([
    ["/nowhere", 400, "DESTINATION_UNKNOWN"],
    ["/%E0%A4%A", 400, "BAD_REQUEST"],
    ["/topic/a?x=1", 400, "BAD_REQUEST"],
    ["/", 400, "BAD_REQUEST"],
  ])("refuses %s with %i %s", async (path, status, code) => {
    await listen();
    const response = await post(path);
    expect(response.status).toBe(status);
    expect(await response.text()).toMatch(new RegExp(`^${code}: `));
  });

  it("says by its status that a queue is full", async () => {
    await listen();
    const body = "x".repeat(4 * 1024 * 1024);
    let status = 204;
    for (let count = 0; status === 204 && count < 100; count++) ({ status } = await post("/queue/full", body));
    expect(status).toBe(503);
  });

  it("takes no body over the bound of a message, and no other method", async () => {
    await listen({ limits: { maxMessage: 1_000 } });
    expect((await post("/topic/a", "x".repeat(1_001))).status).toBe(413);
    const got = await fetch(`${server.url}/publish/topic/a`);
    expect([got.status, got.headers.get("allow")]).toEqual([405, "POST"]);
  });

  it("wants the token, if there is one, of whoever it is", async () => {
    await listen({ publishToken: "secret" });
    const statuses = [];
    for (const authorization of ["", "Bearer wrong!", "Bearer secre", "Bearer secret", "bearer secret"]) {
      statuses.push((await post("/topic/a", "x", authorization ? { authorization } : {})).status);
    }
    expect(statuses).toEqual([401, 401, 401, 204, 204]);
    expect((await post("/topic/a")).headers.get("www-authenticate")).toBe("Bearer");
  });

  it("lets no page of another origin publish", async () => {
    await listen({ origins: ["https://friend.test"] });
    expect((await post("/topic/a", "x", { origin: "https://evil.test" })).status).toBe(403);
    const { status, headers } = await post("/topic/a", "x", { origin: "https://friend.test" });
    // Which that page gets to read, too.
    expect([status, headers.get("access-control-allow-origin")]).toEqual([204, "https://friend.test"]);
    expect((await post("/topic/a", "x", { origin: server.url })).status).toBe(204);
  });

  it("says that the broker behind is away", async () => {
    await listen({ relay: "stomp://127.0.0.1:1", stompPort: undefined as never });
    const response = await post("/topic/a");
    expect(response.status).toBe(502);
    expect(await response.text()).toMatch(/^BROKER_GONE: /);
  });
});

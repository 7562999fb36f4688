import { type ClientOptions, expect, test } from "./testing/browser.ts";

const ways: { name: string; options: ClientOptions; transport: string }[] = [
  { name: "WebSocket only", options: { transports: ["webSocket"] }, transport: "websocket" },
  { name: "long-poll only", options: { transports: ["xhrPoll"] }, transport: "xhr-poll" },
  { name: "the default transports", options: {}, transport: "websocket" },
];

for (const { name, options, transport } of ways) {
  test.describe(`over ${name}`, () => {
    test("text comes back as it was, whatever characters it has", async ({ server, openClient }) => {
      const { client } = await openClient(server.url, options);
      const different = await client.evaluate(async (it, transport) => {
        const every = Array.from({ length: 0x10ffff - 0x800 + 1 }, (_, at) => (at < 0xd800 ? at : at + 0x800));
        const texts = [
          "",
          " ",
          "\0",
          "\r\n\r\0\n\n",
          "MESSAGE\n\n\0t5:x",
          "\\c\\n\\\\ : \\r",
          "Grüße, 世界, \u{1f30d}\u200d\u{1f9d1}\u0301",
          "\ufeffwith a byte order mark",
          "\u2028\u2029</script>",
          // Each scalar value of Unicode, but for every other ASCII control that the texts above do not have.
          ...Array.from({ length: 17 }, (_, plane) =>
            every
              .slice(plane * 65_536, (plane + 1) * 65_536)
              .reduce((text, code) => text + String.fromCodePoint(code), ""),
          ),
        ];
        await it.listen("/topic/texts");
        await it.carriedBy(transport);
        for (const text of texts) it.client.publish("/topic/texts", text);
        const came = await it.inbox("/topic/texts").count(texts.length);
        await it.settle();
        return texts.flatMap((text, at) => (text === came[at] ? [] : [[text.slice(0, 100), came[at]!.slice(0, 100)]]));
      }, transport);
      expect(different).toEqual([]);
    });

    test("JSON comes back as it was, with its content type", async ({ server, openClient }) => {
      const { client } = await openClient(server.url, options);
      const values = [{ a: [1, "zwei", null, { drei: true }] }, [], 0, -1.5e300, false, null];
      const came = await client.evaluate(
        async (it, { values, transport }) => {
          await it.listen("/topic/values");
          await it.carriedBy(transport);
          for (const value of values) it.client.publish("/topic/values", value);
          await it.inbox("/topic/values").count(values.length);
          return it.inbox("/topic/values").messages.map((m) => [m.json(), m.headers["content-type"]]);
        },
        { values, transport },
      );
      expect(came).toEqual(values.map((value) => [value, "application/json"]));
    });

    test("octets come back as they were: all 256, a mebibyte, none", async ({ server, openClient }) => {
      const { client } = await openClient(server.url, options);
      const same = await client.evaluate(async (it, transport) => {
        const all = Uint8Array.from({ length: 256 }, (_, at) => at);
        const bodies = [all, probe.octets(1024 * 1024), new Uint8Array(), new Uint8Array([0]), all.subarray(100, 200)];
        await it.listen("/topic/octets");
        await it.carriedBy(transport);
        for (const body of bodies) it.client.publish("/topic/octets", body);
        await it.inbox("/topic/octets").count(bodies.length);
        await it.settle();
        const { messages } = it.inbox("/topic/octets");
        return bodies.map((body, at) => {
          const came = messages[at]!.bytes();
          return came.length === body.length && came.every((octet, at) => octet === body[at]);
        });
      }, transport);
      expect(same).toEqual([true, true, true, true, true]);
    });

    test("headers keep every character that they may have", async ({ server, openClient }) => {
      const { client } = await openClient(server.url, options);
      const headers = { "x:name": "a:b\\c\nd\re", größe: " 世界 ", "content-type": "text/x-own" };
      const came = await client.evaluate(
        async (it, { headers, transport }) => {
          await it.listen("/topic/headers");
          await it.carriedBy(transport);
          it.client.publish("/topic/headers", "body", { headers });
          await it.inbox("/topic/headers").count(1);
          return it.inbox("/topic/headers").messages[0]!.headers;
        },
        { headers, transport },
      );
      expect(came).toMatchObject(headers);
    });
  });
}

/**
 * Runs in the page: every contender behind the same few functions. `open(handler)` connects, and resolves when what is published to
 * `destination` will reach the handler, as text; it gives `publish(text)`, `taken()`, which resolves when the server has all that was published, and
 * `close()`.
 */
// biome-ignore lint/correctness/noUnusedVariables: the benchmarks call them in the page
const contenders = {
  bareWebSocket: (url, destination) => async (handler) => {
    const socket = new WebSocket(url + destination);
    let whenTaken = () => {};
    socket.onmessage = ({ data }) => (data === "taken" ? whenTaken() : handler(data));
    await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));
    return {
      publish: (text) => socket.send(text),
      taken: () =>
        new Promise((resolve) => {
          whenTaken = resolve;
          socket.send("taken?");
        }),
      close: () => socket.close(),
    };
  },

  stompjs: (brokerURL, destination) => async (handler) => {
    const client = new StompJs.Client({ brokerURL, reconnectDelay: 0 });
    await new Promise((resolve) => {
      client.onConnect = resolve;
      client.activate();
    });
    if (handler) client.subscribe(destination, (message) => handler(message.body));
    const taken = () =>
      new Promise((resolve) => {
        const receipt = `r${Math.random()}`;
        client.watchForReceipt(receipt, resolve);
        client.publish({ destination: "/topic/end", body: "", headers: { receipt } });
      });
    await taken();
    return { publish: (body) => client.publish({ destination, body }), taken, close: () => client.deactivate() };
  },

  /** On one transport, and on polls until that carries. */
  encke: (transport, destination) => async (handler) => {
    const client = Encke.connect("/encke", { transports: [...new Set([Encke[transport], Encke.xhrPoll])] });
    if (handler) client.subscribe(destination, (message) => handler(message.text()));
    const taken = () => client.publish("/topic/end", "", { receipt: true });
    await taken();
    while (client.transport !== Encke[transport].name) await new Promise((resolve) => client.on("transport", resolve));
    return { publish: (text) => client.publish(destination, text), taken, close: () => client.close() };
  },
};

/**
 * Runs in the page: every contender from nothing to its first message, with its defaults. `hear` gets the text of each message: first "hello", which the page itself
 * publishes to `own`, a destination of its own, and then what others publish to `/topic/all`. Socket.IO has no subscriptions: there the server says "hello" as soon
 * as the client has connected, without being asked, and everything else to all.
 */
// biome-ignore lint/correctness/noUnusedVariables: the benchmarks call them in the page
const starts = {
  encke(hear, own) {
    const client = Encke.connect("/encke");
    for (const destination of [own, "/topic/all"]) client.subscribe(destination, (message) => hear(message.text()));
    client.publish(own, "hello");
  },

  sockjs(hear, own) {
    const client = new StompJs.Client({ webSocketFactory: () => new SockJS("/sockjs") });
    client.onConnect = () => {
      for (const destination of [own, "/topic/all"]) client.subscribe(destination, ({ body }) => hear(body));
      client.publish({ destination: own, body: "hello" });
    };
    client.activate();
  },

  socketIo(hear) {
    io().on("message", hear);
  },
};

/** A module Worker that answers each text posted to it with what its own subscription brings of it. */
import { connect } from "encke";

const client = connect("/encke");
client.subscribe("/topic/worker", (message) => postMessage({ text: message.text(), transport: client.transport }));
addEventListener("message", ({ data }) => client.publish("/topic/worker", data));

import { ActiveMq } from "./activemq.ts";
import { describeRelay, withBroker } from "./relay.ts";

const test = withBroker(ActiveMq.start, { host: "encke" });

test.skip(() => !ActiveMq.isInstalled, "needs ActiveMQ (Debian: activemq)");
// One broker for all of them.
test.describe.configure({ mode: "serial" });

describeRelay(test, "ActiveMQ");

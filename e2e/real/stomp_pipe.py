"""Between a program and a STOMP broker, by stomp.py: each line of stdin is published, the body of each message is a line of stdout.

    stomp_pipe.py PORT DESTINATION-TO-PUBLISH-TO DESTINATION-TO-SUBSCRIBE-TO

The first line of stdout is "subscribed". At the end of stdin it disconnects, behind what it has published.
"""

import sys
import threading

import stomp


class Printer(stomp.ConnectionListener):
    def __init__(self):
        self.receipts = {"subscribed": threading.Event(), "published": threading.Event()}

    def on_message(self, frame):
        print(frame.body, flush=True)

    def on_receipt(self, frame):
        self.receipts.get(frame.headers["receipt-id"], threading.Event()).set()

    def on_error(self, frame):
        sys.exit(f"ERROR {frame.headers.get('message')}: {frame.body}")


port, publish_to, subscribe_to = sys.argv[1:]
connection = stomp.Connection12([("127.0.0.1", int(port))])
printer = Printer()
connection.set_listener("printer", printer)
connection.connect(wait=True)
connection.subscribe(subscribe_to, id="1", ack="auto", receipt="subscribed")
printer.receipts["subscribed"].wait()
print("subscribed", flush=True)
for line in sys.stdin:
    connection.send(publish_to, line.rstrip("\n"), content_type="text/plain")
connection.send("/topic/the-end", "", receipt="published")
printer.receipts["published"].wait()
connection.disconnect()

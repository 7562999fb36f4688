import { visibleState, watchAbsence } from "./absence.ts";
import { type ChatMessage, readChatMessage } from "./chat-message.ts";
import { composer } from "./composer.ts";
import { Conversation } from "./conversation.ts";
import { byId, setText } from "./dom.ts";
import type { EnckeGlobal } from "./encke.ts";
import { NetworkFaults } from "./faults/network-faults.ts";
import { duration } from "./format.ts";
import { loadPerson, type Person, randomId, storePerson } from "./identity.ts";
import { invitation } from "./invitation.ts";
import { deliver } from "./outgoing.ts";
import { panel } from "./panel.ts";
import { nameField, showPeople } from "./people.ts";
import { Presence } from "./presence.ts";
import { ReadingPlace } from "./reading-place.ts";
import { ROOMS, type Room, RoomList } from "./rooms.ts";

/** From encke.min.js, as in any page. */
declare const Encke: EnckeGlobal;

/** A connection that is back sooner is in the panel's log, and nothing to interrupt the chat for. */
const NOTICEABLE_MS = 500;

const faults = new NetworkFaults();
faults.install(globalThis); // before connect(), which takes WebSocket and the others from the page
// Before connect() as well: listeners run in the order in which they came, and the client's own ends the session.
addEventListener("pagehide", () => inside.get(rooms.current)!.presence.leave());
const client = Encke.connect("/encke");

let me: Person = loadPerson();
const reading = new ReadingPlace(byId("messages", HTMLElement), byId("to-newest", HTMLButtonElement));
const rooms = new RoomList(switchRoom);
const writing = composer(send);
const inside = new Map(ROOMS.map((room) => [room, openRoom(room)]));

panel(client, faults, `/topic/round-trip.${me.id}`);
nameField(me, rename);
showRoom(rooms.current);
watchConnection();
setInterval(() => {
  if (visibleState(client) === "connected") for (const { presence } of inside.values()) presence.tick();
}, 1000);
addEventListener("pageshow", (event) => event.persisted && inside.get(rooms.current)!.presence.enter());

/** Subscribes to what is said in a room and to who is there, also for rooms that are not on screen. */
function openRoom(room: Room): { conversation: Conversation; presence: Presence } {
  const conversation = new Conversation(invitation(room));
  client.subscribe(roomDestination(room), (message) => {
    const said = readChatMessage(message.text(), randomId);
    if (said === undefined || conversation.has(said)) return;
    reading.grow(conversation.list, () => conversation.add(said));
    rooms.heard(room);
  });

  const presence = new Presence(
    me,
    (sign) => void client.publish(presenceDestination(room), sign),
    () => showCompany(room),
  );
  client.subscribe(presenceDestination(room), (message) => presence.receive(parse(message.text())));
  if (room !== rooms.current) presence.ask();
  return { conversation, presence };
}

function switchRoom(to: Room, from: Room): void {
  inside.get(from)!.presence.leave();
  showRoom(to);
}

function showRoom(room: Room): void {
  const { conversation, presence } = inside.get(room)!;
  setText(byId("room-title", HTMLElement), room.name);
  setText(byId("room-about", HTMLElement), room.about);
  writing.setRoom(room.name);
  reading.show(conversation.list);
  presence.enter();
}

function showCompany(room: Room): void {
  const { people } = inside.get(room)!.presence;
  rooms.setCompany(room, people.length);
  if (room === rooms.current) showPeople(people, me);
}

function send(text: string): void {
  const room = rooms.current;
  const { conversation } = inside.get(room)!;
  const message: ChatMessage = { id: randomId(), from: me, text };
  void deliver(client, roomDestination(room), message, conversation.addOwn(message));
  reading.toEnd();
}

function rename(name: string): void {
  me = { ...me, name };
  storePerson(me);
  for (const { presence } of inside.values()) presence.rename(me);
}

/** What the reader of the chat should know of the connection; the panel knows the rest. */
function watchConnection(): void {
  const notice = byId("notice", HTMLElement);
  const show = () => {
    const away = faults.cut || visibleState(client) === "reconnecting";
    setText(notice, away ? "No connection. Messages wait here until it is back." : "");
  };
  const note = (text: string) => {
    const { conversation } = inside.get(rooms.current)!;
    reading.grow(conversation.list, () => conversation.note(text));
  };
  let mayMiss = false;

  faults.onChange(show);
  client.on("continuity", ({ subscription }) => {
    mayMiss = true;
    for (const [room, { presence }] of inside) {
      if (subscription.destination === presenceDestination(room)) presence.refresh();
    }
  });
  watchAbsence(
    client,
    () => setTimeout(show, NOTICEABLE_MS),
    (awayMs) => {
      show();
      for (const { presence } of inside.values()) presence.back();
      const kept = mayMiss ? "The server had forgotten this tab: messages may be missing." : "Nothing was lost.";
      mayMiss = false;
      if (awayMs >= NOTICEABLE_MS) note(`Back after ${duration(awayMs)}. ${kept}`);
    },
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function roomDestination(room: Room): string {
  return `/topic/room.${room.key}`;
}

function presenceDestination(room: Room): string {
  return `/topic/presence.${room.key}`;
}

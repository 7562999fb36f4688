import { byId, element, setText } from "./dom.ts";
import { counted } from "./format.ts";

export interface Room {
  /** As in the destination /topic/room.<key>. */
  readonly key: string;
  readonly name: string;
  readonly about: string;
}

export const ROOMS: readonly [Room, ...Room[]] = [
  { key: "lobby", name: "Lobby", about: "Where everybody comes in" },
  { key: "comets", name: "Comets", about: "Sightings, orbits, returns" },
  { key: "coffee", name: "Coffee", about: "Nothing important" },
];

interface Entry {
  readonly room: Room;
  readonly button: HTMLButtonElement;
  readonly badge: HTMLElement;
  readonly company: HTMLElement;
  unread: number;
}

/** The rooms to choose from, with what was not read yet and how many people are in each. */
export class RoomList {
  #entries: ReadonlyMap<Room, Entry>;
  #current: Room;
  #switched: (to: Room, from: Room) => void;

  constructor(switched: (to: Room, from: Room) => void) {
    this.#switched = switched;
    this.#current = roomOfAddress() ?? ROOMS[0];
    this.#entries = new Map(ROOMS.map((room) => [room, this.#entry(room)]));
    byId("rooms", HTMLUListElement).append(
      ...[...this.#entries.values()].map(({ button }) => element("li", "", button)),
    );
    addEventListener("hashchange", () => this.#enter(roomOfAddress() ?? this.#current));
    document.addEventListener("visibilitychange", () => this.#read());
    this.#show();
  }

  get current(): Room {
    return this.#current;
  }

  /** A message came into this room. */
  heard(room: Room): void {
    if (room === this.#current && !document.hidden) return;
    this.#entries.get(room)!.unread++;
    this.#show();
  }

  setCompany(room: Room, people: number): void {
    setText(this.#entries.get(room)!.company, people === 0 ? "" : String(people));
    this.#show();
  }

  #entry(room: Room): Entry {
    const badge = element("span", "badge");
    const company = element("span", "room-people");
    const button = element("button", "room", element("span", "room-name", room.name), company, badge);
    button.type = "button";
    button.dataset.room = room.key;
    button.addEventListener("click", (event) => {
      this.#enter(room);
      // Whoever clicked goes on to write; a keyboard user stays among the rooms, and a phone keeps its keyboard down.
      const pointed = event.detail > 0 && matchMedia("(pointer: fine)").matches;
      if (pointed) byId("message-input", HTMLTextAreaElement).focus();
    });
    return { room, button, badge, company, unread: 0 };
  }

  #enter(room: Room): void {
    if (room === this.#current) return;
    const from = this.#current;
    this.#current = room;
    history.replaceState(null, "", `#${room.key}`);
    this.#read();
    this.#switched(room, from);
  }

  #read(): void {
    if (!document.hidden) this.#entries.get(this.#current)!.unread = 0;
    this.#show();
  }

  #show(): void {
    let all = 0;
    for (const { room, button, badge, company, unread } of this.#entries.values()) {
      all += unread;
      if (room === this.#current) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
      setText(badge, unread === 0 ? "" : String(unread));
      const label = [room.name];
      if (company.textContent) label.push(`${company.textContent} here`);
      if (unread > 0) label.push(counted(unread, "unread message", "unread messages"));
      button.setAttribute("aria-label", label.join(", "));
    }
    document.title = `${all === 0 ? "" : `(${all}) `}${this.#current.name} · encke`;
  }
}

function roomOfAddress(): Room | undefined {
  return ROOMS.find((room) => `#${room.key}` === location.hash);
}

export interface Person {
  /** New with every load of the page, so that a duplicated tab is a second person. */
  readonly id: string;
  readonly name: string;
  /** The angle of this person's colour, in degrees. */
  readonly hue: number;
}

const STORED = "encke-demo.person";
const LONGEST_NAME = 24;
const MANNERS = [
  "Amber",
  "Bright",
  "Calm",
  "Curious",
  "Distant",
  "Early",
  "Gentle",
  "Hazy",
  "Quiet",
  "Swift",
  "Wandering",
];
const COMETS = [
  "Biela",
  "Borrelly",
  "Crommelin",
  "Donati",
  "Halley",
  "Holmes",
  "Kohoutek",
  "Lexell",
  "Lovejoy",
  "Olbers",
  "Tempel",
  "Wirtanen",
];

/** Who this tab is. Session storage belongs to one tab: two tabs are two people, and a reload keeps the name. */
export function loadPerson(): Person {
  const stored = readStored();
  const person: Person = {
    id: randomId(),
    name: cleanName(stored.name) ?? `${pick(MANNERS)} ${pick(COMETS)}`,
    hue: cleanHue(stored.hue) ?? Math.floor(Math.random() * 24) * 15,
  };
  storePerson(person);
  return person;
}

export function storePerson({ name, hue }: Person): void {
  try {
    sessionStorage.setItem(STORED, JSON.stringify({ name, hue }));
  } catch {
    // Without storage the name lasts as long as the page.
  }
}

/** Reads a person out of what somebody published; `undefined` if it is none. */
export function readPerson(value: unknown): Person | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { id, name, hue } = value as Record<string, unknown>;
  const clean = cleanName(name);
  if (typeof id !== "string" || id.length > 64 || clean === undefined) return undefined;
  return { id, name: clean, hue: cleanHue(hue) ?? 0 };
}

export function cleanName(name: unknown): string | undefined {
  if (typeof name !== "string") return undefined;
  const clean = name.replace(/\s+/g, " ").trim().slice(0, LONGEST_NAME);
  return clean === "" ? undefined : clean;
}

/** `crypto.randomUUID` exists only on secure origins; this works on http://192.168.… too. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function cleanHue(hue: unknown): number | undefined {
  return typeof hue === "number" && hue >= 0 && hue < 360 ? hue : undefined;
}

function readStored(): Record<string, unknown> {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(STORED) ?? "{}");
    return typeof stored === "object" && stored !== null ? (stored as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function pick(list: readonly string[]): string {
  return list[Math.floor(Math.random() * list.length)]!;
}

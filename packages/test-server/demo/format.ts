const minutes = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const seconds = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

/** 14:03 */
export const timeOfDay = (epochMs: number) => minutes.format(epochMs);

/** 14:03:27 */
export const exactTime = (epochMs: number) => seconds.format(epochMs);

/** 1.8 ms, 43 ms, 10.4 s, 3 min */
export function duration(ms: number): string {
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

/** 1 person, 2 people */
export const counted = (count: number, one: string, many: string) => `${count} ${count === 1 ? one : many}`;

export const capitalized = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

import { createMiddlebox, type MiddleboxOptions } from "encke-server";
import type { Place, RunningBox } from "./place.ts";

/** What some program or other does on some network: encke's middlebox, with faults. */
export interface Behaviour extends Place {
  readonly direction: "reverse";
  /** Asked for once for each that is started. */
  faults(): Omit<MiddleboxOptions, "target">;
}

export async function startBehaviour({ faults }: Behaviour, target: number): Promise<RunningBox> {
  const middlebox = createMiddlebox({ ...faults(), target: `http://127.0.0.1:${target}` });
  await middlebox.listen();
  return { url: middlebox.url, stop: () => middlebox.close() };
}

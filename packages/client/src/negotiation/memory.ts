import type { Environment } from "../page/environment.ts";
import type { Learned } from "./policy.ts";

/** For so many milliseconds it counts: networks change, and so do those who use them. */
const memorable = 3_600_000;

/** What was learned about the way to an endpoint, by this page or by others of its origin before it, as far as it still counts. */
export function recall(endpoint: string, env: Environment): Learned {
  try {
    const learned = JSON.parse(env.recall(endpoint)!);
    return Math.abs(env.clock.now() - learned.at) < memorable ? learned : {};
  } catch {
    return {};
  }
}

/** Keeps it for the next page, where there is a storage. */
export function remember(endpoint: string, learned: Learned, env: Environment): void {
  // It is as old as its beginning: what is never tried again would otherwise never be forgotten.
  env.remember(endpoint, JSON.stringify({ at: env.clock.now(), ...learned }));
}

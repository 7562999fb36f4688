import type { Attempt } from "../../client/src/negotiation/attempt.ts";

export type { Attempt };

/** The types of the global `Encke` that encke.min.js defines; at run time nothing is imported. */
export type EnckeGlobal = typeof import("../../client/src/index.ts");
export type Client = ReturnType<EnckeGlobal["connect"]>;

/** What the demo reads in `client.report()`. Between two sessions there are no counts. */
export interface Report {
  readonly sent?: number;
  readonly received?: number;
  readonly resumed?: number;
  readonly duplicates?: number;
  readonly attempts?: readonly Attempt[];
}

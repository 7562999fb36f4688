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

interface Attempt {
  readonly transport: string;
  readonly takesOver: boolean;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Absent if the server was never heard on it. */
  readonly heardAfter?: number;
  /** Absent while it is open. */
  readonly duration?: number;
  readonly code?: number;
  readonly cause?: string;
}

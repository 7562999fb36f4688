/** The types of the global `Encke` that encke.min.js defines; at run time nothing is imported. */
export type EnckeGlobal = typeof import("../../client/src/index.ts");
export type Client = ReturnType<EnckeGlobal["connect"]>;

import type { Page } from "@playwright/test";

/** The types of the events that the page's window and document are listened to for. */
export async function listenedTo(page: Page): Promise<string[]> {
  const devtools = await page.context().newCDPSession(page);
  const types: string[] = [];
  for (const expression of ["window", "document"]) {
    const { result } = await devtools.send("Runtime.evaluate", { expression });
    const { listeners } = await devtools.send("DOMDebugger.getEventListeners", { objectId: result.objectId! });
    types.push(...listeners.map(({ type }) => type));
  }
  await devtools.detach();
  return types;
}

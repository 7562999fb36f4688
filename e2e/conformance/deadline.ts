/** Long enough for a loaded machine, and for a server that is not on this one. */
const PATIENCE = 10_000;

/** The value of `promise`, or an error that says `what` did not happen within `ms`. */
export async function within<T>(promise: Promise<T>, what: string, ms = PATIENCE): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** How long `run` took, in milliseconds, beside what it returned. */
export async function timed<T>(run: () => Promise<T>): Promise<[value: T, ms: number]> {
  const start = performance.now();
  const value = await run();
  return [value, performance.now() - start];
}

/** Whether nothing has come of `promise` yet. Meaningful behind a round trip that would have let it happen. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol();
  const turn = new Promise<typeof pending>((resolve) => setImmediate(() => resolve(pending)));
  return (await Promise.race([promise.catch(() => undefined), turn])) === pending;
}

/** For the few rules whose event is that time has passed and nothing happened. */
export const elapse = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

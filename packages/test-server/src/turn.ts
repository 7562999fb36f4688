/** What waits for the end of this turn of the event loop. */
let waiting: (() => void)[] = [];

/**
 * Runs `run` at the end of this turn of the event loop, when all that the network had ready has been read: what is sent until then can leave
 * together. With nothing else to do that is at once.
 */
export function atEndOfTurn(run: () => void): void {
  // One immediate for all: each of its own costs more than what most of them do.
  if (waiting.push(run) === 1) setImmediate(runAll);
}

function runAll(): void {
  const runs = waiting;
  waiting = [];
  for (const run of runs) run();
}

import { svg } from "./dom.ts";
import { duration } from "./format.ts";

/** One round trip. */
export interface Sample {
  readonly ms: number;
  /** The connection was lost meanwhile: the time says how long it took to come back. */
  readonly interrupted: boolean;
}

const WIDTH = 300;
const HEIGHT = 44;
/** The grid lines leave room for what index.html writes at their left end. */
const LABELS = 42;
const KEPT = 48;
const STEP = WIDTH / (KEPT - 1);
/** The scale is logarithmic, from 1 ms at the bottom to 10 s at the top: a local server and a cut fit on it. */
const SMALLEST_MS = 1;
const LARGEST_MS = 10_000;

/** The latest round trips as a line, the newest at the right; where it broke off stands a mark of its own. */
export class Sparkline {
  #svg: SVGSVGElement;
  #samples: Sample[] = [];

  constructor(target: SVGSVGElement) {
    this.#svg = target;
    target.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.#draw();
  }

  add(sample: Sample): void {
    this.#samples.push(sample);
    if (this.#samples.length > KEPT) this.#samples.shift();
    this.#draw();
  }

  #draw(): void {
    const grid = [10, 100, 1000].map((ms) => svg("path", { class: "spark-grid", d: `M${LABELS} ${y(ms)}H${WIDTH}` }));
    const parts: Node[] = grid;
    const breaks: string[] = [];
    let run: [x: number, y: number][] = [];
    const runs = [run];
    this.#samples.forEach(({ ms, interrupted }, index) => {
      const x = WIDTH - (this.#samples.length - 1 - index) * STEP;
      if (!interrupted) {
        run.push([x, y(ms)]);
        return;
      }
      breaks.push(`M${round(x)} ${HEIGHT}V${y(ms)}`);
      run = [];
      runs.push(run);
    });
    for (const points of runs) {
      if (points.length === 0) continue;
      const line = `M${points.map(([x, y]) => `${round(x)} ${y}`).join("L")}`;
      const first = round(points[0]![0]);
      const last = round(points.at(-1)![0]);
      parts.push(svg("path", { class: "spark-area", d: `${line}L${last} ${HEIGHT}L${first} ${HEIGHT}z` }));
      parts.push(svg("path", { class: "spark-line", d: points.length === 1 ? `${line}h0.01` : line }));
    }
    parts.push(svg("path", { class: "spark-breaks", d: breaks.join("") }));
    this.#svg.replaceChildren(...parts);
    this.#svg.setAttribute("aria-label", this.#describe());
  }

  #describe(): string {
    const whole = this.#samples.filter((sample) => !sample.interrupted).map((sample) => sample.ms);
    if (whole.length === 0) return "No round trips yet";
    whole.sort((one, other) => one - other);
    const median = whole[whole.length >> 1]!;
    const broken = this.#samples.length - whole.length;
    return `The last ${whole.length} round trips: ${duration(median)} in the middle, ${duration(whole.at(-1)!)} at most, ${broken} interrupted`;
  }
}

function y(ms: number): number {
  const share = Math.log(Math.max(SMALLEST_MS, ms) / SMALLEST_MS) / Math.log(LARGEST_MS / SMALLEST_MS);
  return round(HEIGHT - 3 - Math.min(1, share) * (HEIGHT - 6));
}

const round = (value: number) => Math.round(value * 10) / 10;

import { svg } from "./dom.ts";

/** Encke's own. */
const ECCENTRICITY = 0.848;
/** Half the long axis, in units of the view box, and where the Sun is in it. */
const HALF_AXIS = 118;
const SUN = { x: 262, y: 56 };
/** The ellipse is seen from the side: the true one would be 125 high. */
const FLATTENING = 0.62;
const PERIOD_MS = 12_000;
const APHELION = Math.PI;
const SEGMENTS = 96;
/** Smooth enough for something so slow; every second frame is left to the page. */
const FRAME_MS = 30;

/**
 * The comet on its orbit: it goes round while there is a connection, and drifts out to the far end and waits there
 * while there is none. Its motion is Kepler's, slow far from the Sun; its tail points away from the Sun and grows near it.
 */
export class Orbit {
  #anomaly = APHELION * 0.6;
  #connected = false;
  #brightness = 0.2;
  #last = 0;
  #coma = svg("circle", { class: "orbit-coma", r: 7 });
  #head = svg("circle", { class: "orbit-head", r: 2.6 });
  #tail = svg("path", { class: "orbit-tail" });
  #light = svg(
    "linearGradient",
    { id: "orbit-tail-light", gradientUnits: "userSpaceOnUse" },
    svg("stop", { class: "orbit-tail-near", offset: 0 }),
    svg("stop", { class: "orbit-tail-far", offset: 1 }),
  );
  #comet = svg("g", {}, this.#tail, this.#coma, this.#head);

  constructor(target: SVGSVGElement) {
    target.append(
      svg("defs", {}, this.#light),
      ...stars(),
      svg("path", { class: "orbit-path", d: ellipse() }),
      svg("circle", { class: "orbit-corona", cx: SUN.x, cy: SUN.y, r: 11 }),
      svg("circle", { class: "orbit-sun", cx: SUN.x, cy: SUN.y, r: 4.2 }),
      this.#comet,
    );
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) setInterval(() => this.#rest(), 1000);
    else requestAnimationFrame((now) => this.#frame(now));
  }

  set connected(connected: boolean) {
    this.#connected = connected;
  }

  #frame(now: number): void {
    requestAnimationFrame((next) => this.#frame(next));
    if (now - this.#last < FRAME_MS) return;
    const elapsed = Math.min(now - this.#last, 100);
    this.#last = now;
    if (this.#connected) {
      this.#anomaly = (this.#anomaly + (2 * Math.PI * elapsed) / PERIOD_MS) % (2 * Math.PI);
    } else {
      this.#anomaly += (APHELION - this.#anomaly) * (1 - Math.exp(-elapsed / 700));
    }
    const goal = this.#connected ? 1 : 0.25;
    this.#brightness += (goal - this.#brightness) * (1 - Math.exp(-elapsed / 350));
    this.#draw();
  }

  /** Without motion: near the Sun or far from it. */
  #rest(): void {
    this.#anomaly = this.#connected ? 0.25 : APHELION;
    this.#brightness = this.#connected ? 1 : 0.25;
    this.#draw();
  }

  #draw(): void {
    const { x, y } = place(eccentricAnomaly(this.#anomaly));
    const dx = x - SUN.x;
    const dy = y - SUN.y;
    const distance = Math.hypot(dx, dy);
    const warmth = Math.max(0, 1 - distance / (2 * HALF_AXIS));
    const length = this.#brightness * (20 + 56 * warmth * warmth);
    const [ux, uy] = [dx / distance, dy / distance];
    // It starts as wide as the head and fans out.
    const [near, far] = [2.6, 5];
    const [endX, endY] = [x + ux * length, y + uy * length];
    const tail = [
      [x - uy * near, y + ux * near],
      [endX - uy * far, endY + ux * far],
      [endX + uy * far, endY - ux * far],
      [x + uy * near, y - ux * near],
    ];
    const along = { x1: x, y1: y, x2: endX, y2: endY };
    for (const [name, value] of Object.entries(along)) this.#light.setAttribute(name, value.toFixed(1));
    this.#tail.setAttribute("d", `M${tail.map((point) => point.map((n) => n.toFixed(1)).join(" ")).join("L")}z`);
    for (const part of [this.#coma, this.#head]) {
      part.setAttribute("cx", x.toFixed(1));
      part.setAttribute("cy", y.toFixed(1));
    }
    this.#coma.setAttribute("r", (4 + 4 * this.#brightness * (0.4 + warmth)).toFixed(1));
    this.#comet.setAttribute("opacity", (0.25 + 0.75 * this.#brightness).toFixed(2));
  }
}

/** Kepler's equation, M = E - e sin E, by Newton. */
function eccentricAnomaly(meanAnomaly: number): number {
  let found = ECCENTRICITY > 0.8 ? Math.PI : meanAnomaly;
  for (let round = 0; round < 12; round++) {
    const error = found - ECCENTRICITY * Math.sin(found) - meanAnomaly;
    found -= error / (1 - ECCENTRICITY * Math.cos(found));
  }
  return found;
}

function place(eccentric: number): { x: number; y: number } {
  const halfWidth = HALF_AXIS * Math.sqrt(1 - ECCENTRICITY ** 2) * FLATTENING;
  return {
    x: SUN.x + HALF_AXIS * (Math.cos(eccentric) - ECCENTRICITY),
    y: SUN.y - halfWidth * Math.sin(eccentric),
  };
}

function ellipse(): string {
  const points = Array.from({ length: SEGMENTS }, (_, index) => place((index / SEGMENTS) * 2 * Math.PI));
  return `M${points.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}z`;
}

/** The same sky for everybody. */
function stars(): SVGCircleElement[] {
  let seed = 1786; // the year in which Encke's comet was first seen
  const next = () => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  return Array.from({ length: 46 }, () =>
    svg("circle", {
      class: "orbit-star",
      cx: (next() * 320).toFixed(1),
      cy: (next() * 144).toFixed(1),
      r: (0.3 + next() ** 3 * 0.9).toFixed(2),
      opacity: (0.25 + next() * 0.6).toFixed(2),
    }),
  );
}

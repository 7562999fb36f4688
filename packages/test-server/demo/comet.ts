import { svg } from "./dom.ts";
import type { Person } from "./identity.ts";

/** A person's sign: a comet in their colour, its tail turned by their name. */
export function comet({ name, hue }: Pick<Person, "name" | "hue">): SVGSVGElement {
  let turn = 0;
  for (const character of name) turn = (turn * 31 + character.codePointAt(0)!) % 360;
  const sign = svg(
    "svg",
    { viewBox: "0 0 32 32", class: "comet", "aria-hidden": "true" },
    svg("circle", { class: "comet-field", cx: 16, cy: 16, r: 16 }),
    svg(
      "g",
      { transform: `rotate(${turn} 16 16)` },
      svg("path", { class: "comet-tail", d: "M19.2 12.2 3.4 16l15.8 3.8z" }),
      svg("circle", { class: "comet-head", cx: 20, cy: 16, r: 5 }),
    ),
  );
  setHue(sign, hue);
  return sign;
}

/** The style sheet makes the colour of it, one for light and one for dark. */
export function setHue(target: ElementCSSInlineStyle, hue: number): void {
  target.style.setProperty("--hue", String(hue));
}

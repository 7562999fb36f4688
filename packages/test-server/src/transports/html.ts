import { randomBytes } from "node:crypto";
import { carrierHeaders } from "../http/answers.ts";
import type { Framing } from "./streaming.ts";

/** A string as an expression of a script in HTML: nothing in it ends the script, begins a comment, or ends a line. */
export function toScriptString(text: string): string {
  // JSON would keep lone surrogates, which no other carrier does.
  const json = JSON.stringify(text.replace(/\p{Cs}/gu, "\uFFFD"));
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A document for a hidden frame of `page`, an origin that is allowed, with a script for each batch: PROTOCOL.md section 5.4. */
export function htmlFraming(page: string): Framing {
  const nonce = randomBytes(16).toString("base64url");
  const script = `<script nonce="${nonce}">`;
  return {
    headers: {
      ...carrierHeaders,
      "Content-Type": "text/html;charset=UTF-8",
      "Content-Security-Policy": `default-src 'none'; script-src 'nonce-${nonce}'; frame-ancestors ${page}`,
    },
    // A script that has run is of no use any longer: only its text stays, until the carrier is rotated.
    opening: `<!DOCTYPE html><meta charset="utf-8">${script}function r(batch){parent.postMessage(batch,${toScriptString(page)});document.currentScript.remove()}</script>\n`,
    isRotated: true,
    frame: (batch) => `${script}r(${toScriptString(batch)})</script>\n`,
  };
}

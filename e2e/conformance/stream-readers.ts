/**
 * How records are in the answers of section 5, read as their receivers read them, and strictly: whatever the protocol does
 * not allow a server to write throws.
 */
import { createContext, runInContext } from "node:vm";
import { read, readSome, type WireRecord } from "./records.ts";

/** Takes an answer's text, cut anywhere. */
export interface StreamReader {
  read(text: string): WireRecord[];
  /** The answer is over: nothing may be left that is not whole. */
  end(): WireRecord[];
}

/** `stream`: records as they are. */
export class RecordReader implements StreamReader {
  #rest = "";

  read(text: string): WireRecord[] {
    const [records, rest] = readSome(this.#rest + text);
    this.#rest = rest;
    return records;
  }

  end(): WireRecord[] {
    return read(this.#rest);
  }
}

/** `events`: WHATWG HTML, "Interpreting an event stream", and section 5.3. */
export class EventReader implements StreamReader {
  #rest = "";
  #data: string[] = [];

  read(text: string): WireRecord[] {
    const records: WireRecord[] = [];
    // A CR at the end may be the first half of CR LF.
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop()!;
    for (const line of lines) {
      if (line !== "") this.#field(line);
      else if (this.#data.length > 0) {
        records.push(...read(withoutEscapes(this.#data.join("\n"))));
        this.#data = [];
      }
    }
    return records;
  }

  end(): WireRecord[] {
    if (this.#rest !== "" || this.#data.length > 0) throw new Error("the stream ends inside an event");
    return [];
  }

  #field(line: string): void {
    const [, name, value] = /^([^:]*)(?:: ?)?(.*)$/s.exec(line)!;
    if (name === "data") this.#data.push(value!);
    else if (name !== "") throw new Error(`a field that is neither data nor a comment: ${JSON.stringify(name)}`);
  }
}

function withoutEscapes(data: string): string {
  return data.replace(/\\(.?)/gs, (found, of: string) => {
    if (of === "\\") return "\\";
    if (of === "r") return "\r";
    throw new Error(`no escape of section 5.3: ${JSON.stringify(found)}`);
  });
}

/** `html`: the document is taken apart, and its scripts are run in a page of their own, as section 5.4 has them. */
export class DocumentReader implements StreamReader {
  /** The targets of `postMessage`, one for each batch. */
  readonly targets: string[] = [];
  readonly #nonce: string;
  readonly #records: WireRecord[] = [];
  readonly #page: object;
  #rest = "";
  #scripts = 0;

  constructor(policy: string) {
    this.#nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? "";
    const postMessage = (batch: unknown, target: unknown): void => {
      if (typeof batch !== "string" || typeof target !== "string") throw new Error("postMessage of something else");
      this.targets.push(target);
      this.#records.push(...read(batch));
    };
    const document = { currentScript: { remove() {} } };
    this.#page = createContext({ parent: { postMessage }, document });
  }

  read(text: string): WireRecord[] {
    this.#rest += text;
    for (let end = this.#end(); end >= 0; end = this.#end()) {
      this.#run(this.#rest.slice(0, end));
      this.#rest = this.#rest.slice(end);
    }
    return this.#records.splice(0);
  }

  end(): WireRecord[] {
    if (!/^\s*$/.test(this.#rest)) throw new Error(`the document ends with ${JSON.stringify(this.#rest.slice(0, 60))}`);
    return [];
  }

  /** Where the first script is over; -1 if it is not. */
  #end(): number {
    const close = /<\/script[\s/>]/i.exec(this.#rest);
    const lineFeed = this.#rest.indexOf("\n", close?.index ?? 0);
    return close && lineFeed >= 0 ? lineFeed + 1 : -1;
  }

  #run(html: string): void {
    const [, before, nonce, code] = /^(.*?)<script nonce="([^"]*)">(.*)<\/script>\n$/s.exec(html) ?? [];
    if (code === undefined) throw new Error(`no script of section 5.4: ${JSON.stringify(html.slice(0, 60))}`);
    if (nonce !== this.#nonce) throw new Error("a script without the nonce of the policy");
    if (this.#scripts++ > 0) {
      if (before !== "") throw new Error(`between two scripts: ${JSON.stringify(before)}`);
      if (!/^r\("[^<>&\u2028\u2029\n\r]*"\)$/.test(code))
        throw new Error(`a batch as ${JSON.stringify(code.slice(0, 60))}`);
      JSON.parse(code.slice(2, -1));
    } else if (!/^<!doctype html>/i.test(before!)) throw new Error("no document type");
    runInContext(code, this.#page);
  }
}

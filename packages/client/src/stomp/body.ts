const utf8 = new TextEncoder();

/** A body that arrives in several chunks. */
export interface PartialBody {
  /** Keeps one more piece; of bytes a copy. `left` is how many octets are still to come, Infinity where nobody knows. */
  add(piece: string | Uint8Array, left: number): void;
  /** The whole body: text if every piece was text, otherwise bytes. */
  end(): string | Uint8Array;
}

/**
 * Keeps pieces so that a body of n octets takes O(n) time and memory however small its pieces are: bytes go to a buffer
 * that doubles, text to a list that is joined now and then, because an array of single characters weighs far more than they do.
 */
export function partialBody(): PartialBody {
  let text = "";
  let pieces: string[] = [];
  let octets: Uint8Array<ArrayBuffer> | undefined;
  let used = 0;

  const takeText = () => {
    const all = text + pieces.join("");
    text = "";
    pieces = [];
    return all;
  };

  const addOctets = (piece: Uint8Array, left: number) => {
    const need = used + piece.length;
    if (!octets || need > octets.length) {
      // What is known to come is allocated at once up to 64 KiB; for more, a peer has to send half of what it announced.
      const larger = new Uint8Array(left < 65_536 ? need + left : Math.min(2 * need, need + left));
      if (octets) larger.set(octets);
      octets = larger;
    }
    octets.set(piece, used);
    used = need;
  };

  const addText = () => {
    if (text || pieces.length) addOctets(utf8.encode(takeText()), 0);
  };

  return {
    add(piece, left) {
      if (typeof piece !== "string") {
        addText();
        addOctets(piece, left);
      } else if (pieces.push(piece) > 255) {
        text = takeText();
      }
    },
    end() {
      if (!octets) return takeText();
      addText();
      return octets.subarray(0, used);
    },
  };
}

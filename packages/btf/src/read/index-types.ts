import { BtfError } from "../error.ts";
import { BTF_TRAILER_EACH, BTF_TRAILER_FIXED, NR_BTF_KINDS } from "../kinds.ts";

/**
 * Where each record of the type section starts, in words, and the end of the last: `starts[n]..starts[n + 1]` is the n-th record. The only
 * pass over the whole section that opening BTF makes; after it, every word of a record's length exists.
 *
 * @throws BtfError BTF_KIND, BTF_TRUNCATED
 */
export function indexTypes(words: Uint32Array, firstId: number): Uint32Array {
  const end = words.length;
  // A record has at least three words, so that bounds the count before anything is read.
  const starts = new Uint32Array(Math.floor(end / 3) + 1);
  const fixed = new Uint8Array(BTF_TRAILER_FIXED);
  const each = new Uint8Array(BTF_TRAILER_EACH);
  let n = 0;
  let at = 0;
  while (at + 3 <= end) {
    const info = words[at + 1]!;
    const kind = (info >>> 24) & 0x1f;
    if (kind === 0 || kind >= NR_BTF_KINDS)
      throw new BtfError(
        "BTF_KIND",
        `type ${firstId + n} at byte ${at * 4} of the type section is of unknown kind ${kind}`,
      );
    starts[n++] = at;
    at += 3 + fixed[kind]! + (info & 0xffff) * each[kind]!;
  }
  if (at !== end) {
    const last = at > end ? firstId + n - 1 : firstId + n;
    throw new BtfError("BTF_TRUNCATED", `type ${last} reaches beyond the type section of ${end * 4} bytes`);
  }
  starts[n] = end;
  return starts.slice(0, n + 1);
}

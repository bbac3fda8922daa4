/** Why `bpf_snprintf` and its kin refuse a format: the only errno that a check without arguments can give. */
export type FormatFault = "EINVAL";

const isAscii = (c: number): boolean => c < 0x80;
const isPrint = (c: number): boolean => c >= 0x20 && c < 0x7f;
const isSpace = (c: number): boolean => c === 0x20 || (c >= 0x09 && c <= 0x0d) || c === 0xa0;
const isAlnum = (c: number): boolean =>
  (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a) || c >= 0xc0;
/** Latin-1 as the kernel's ctype table has it: 0xa1–0xbf, 0xd7 and 0xf7 are punctuation. */
const isPunct = (c: number): boolean =>
  (isPrint(c) && c !== 0x20 && !isAlnum(c)) || (c >= 0xa1 && c <= 0xbf) || c === 0xd7 || c === 0xf7;
const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39;
const code = (s: string): number => s.charCodeAt(0);

const PERCENT = code("%");
const FLAGS: ReadonlySet<number> = new Set([..."0+- "].map(code));
/** `%pK`, `%px`, `%ps`, `%pS`, `%pB`: one letter after the p, then anything. */
const POINTER_LETTERS: ReadonlySet<number> = new Set([..."KxsSB"].map(code));
const INTEGER_LETTERS: ReadonlySet<number> = new Set([..."iduxX"].map(code));

/**
 * Checks the specifiers of a printf format that a program gives to a helper.
 *
 * @param fmt Bytes up to, not including, the terminating zero.
 * @param numArgs Number of 64-bit arguments that come with it.
 * @returns What is wrong, undefined if nothing.
 * @see v6.18 kernel/bpf/helpers.c, bpf_bprintf_prepare
 */
export function checkPrintfFormat(fmt: Uint8Array, numArgs: number): FormatFault | undefined {
  const at = (i: number): number => fmt[i] ?? 0;
  const endsWord = (i: number): boolean => at(i) === 0 || isSpace(at(i)) || isPunct(at(i));
  let used = 0;
  for (let i = 0; i < fmt.length; i++) {
    const c = at(i);
    if (isAscii(c) && !isPrint(c) && !isSpace(c)) return "EINVAL";
    if (c !== PERCENT) continue;
    if (at(i + 1) === PERCENT) {
      i++;
      continue;
    }
    if (used >= numArgs) return "EINVAL";
    i++;
    if (!isAscii(at(i))) return "EINVAL";
    while (FLAGS.has(at(i))) i++;
    if (isDigit(at(i)) && at(i) !== code("0")) while (isDigit(at(i))) i++;

    const kind = at(i);
    if (kind === code("p")) {
      const next = at(i + 1);
      if (endsWord(i + 1)) {
        // A bare %p.
      } else if ((next === code("k") || next === code("u")) && at(i + 2) === code("s")) {
        i += 2;
        if (!endsWord(i + 1)) return "EINVAL";
      } else if (POINTER_LETTERS.has(next)) {
        i++;
      } else if ((next === code("i") || next === code("I")) && (at(i + 2) === code("4") || at(i + 2) === code("6"))) {
        i += 2;
      } else {
        return "EINVAL";
      }
    } else if (kind === code("s")) {
      if (!endsWord(i + 1)) return "EINVAL";
    } else if (kind !== code("c")) {
      for (let l = 0; l < 2 && at(i) === code("l"); l++) i++;
      if (!INTEGER_LETTERS.has(at(i))) return "EINVAL";
    }
    used++;
  }
  return undefined;
}

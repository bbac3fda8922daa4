/** KSYM_NAME_LEN: the longest name, its terminator not counted. */
const MAX_NAME = 512;

/**
 * Whether the 0-terminated bytes at `start` are an identifier as BTF knows it: letters, digits, `_` and `.`, not starting with a digit. The
 * kernel's letters are those of Latin-1.
 *
 * @see v6.18 kernel/bpf/btf.c, btf_name_valid_identifier
 */
export function isIdentifier(strings: Uint8Array, start: number): boolean {
  if (!isLetter(strings[start]!)) return false;
  for (let i = start + 1; i < start + MAX_NAME; i++) {
    const byte = strings[i]!;
    if (byte === 0) return true;
    if (!isLetter(byte) && !(byte >= 0x30 && byte <= 0x39)) return false;
  }
  return strings[start + MAX_NAME] === 0;
}

/** Whether the 0-terminated bytes at `start` are a section name: anything printable. @see v6.18 kernel/bpf/btf.c, btf_name_valid_section */
export function isSectionName(strings: Uint8Array, start: number): boolean {
  if (strings[start] === 0) return false;
  for (let i = start; i < start + MAX_NAME; i++) {
    const byte = strings[i]!;
    if (byte === 0) return true;
    if (!((byte >= 0x20 && byte <= 0x7e) || byte >= 0xa0)) return false;
  }
  return strings[start + MAX_NAME] === 0;
}

function isLetter(byte: number): boolean {
  return (
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x5f ||
    byte === 0x2e ||
    (byte >= 0xc0 && byte !== 0xd7 && byte !== 0xf7)
  );
}

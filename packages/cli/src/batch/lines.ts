const NEWLINE = 0x0a;

/** A line that was too long to be kept: what is told of it. */
export interface LongLine {
  /** Bytes. */
  readonly tooLong: number;
}

/**
 * The lines of a stream of bytes, without their ends (`\n` only: JSON texts may hold other separators). One line is held at a time, and of one that
 * is longer than `maxBytes` nothing. A last line without an end counts; an empty rest does not.
 */
export async function* splitLines(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array | LongLine> {
  let parts: Uint8Array[] = [];
  let length = 0;
  const keep = (bytes: Uint8Array): void => {
    length += bytes.length;
    if (length > maxBytes) parts = [];
    else if (bytes.length > 0) parts.push(bytes);
  };
  const take = (): Uint8Array | LongLine => {
    const line = length > maxBytes ? { tooLong: length } : join(parts, length);
    parts = [];
    length = 0;
    return line;
  };
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      keep(chunk.subarray(start, end));
      yield take();
      start = end + 1;
    }
    keep(chunk.subarray(start));
  }
  if (length > 0) yield take();
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const line = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    line.set(part, at);
    at += part.length;
  }
  return line;
}

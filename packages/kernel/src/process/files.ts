/** One file's contents. */
export interface FileNode {
  bytes: Uint8Array;
}

/** The in-memory file system that simulated processes share: paths without folders. */
export class FileSystem {
  readonly #nodes = new Map<string, FileNode>();

  get(path: string): FileNode | undefined {
    return this.#nodes.get(path);
  }

  create(path: string): FileNode {
    const node: FileNode = { bytes: new Uint8Array(0) };
    this.#nodes.set(path, node);
    return node;
  }
}

/** Writes at an offset, growing the file. Answers the offset behind. */
export function writeAt(node: FileNode, offset: number, data: Uint8Array): number {
  const end = offset + data.length;
  if (end > node.bytes.length) {
    const grown = new Uint8Array(end);
    grown.set(node.bytes);
    node.bytes = grown;
  }
  node.bytes.set(data, offset);
  return end;
}

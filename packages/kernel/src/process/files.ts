import { EEXIST, ENAMETOOLONG, ENOENT } from "@bpf-ts/uapi/errno";

/** How files are opened. @see v6.18 include/uapi/asm-generic/fcntl.h */
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_ACCMODE = 3;
/** Creates the file if it is not there. */
export const O_CREAT = 0o100;
/** With {@link O_CREAT}: it must not be there. */
export const O_EXCL = 0o200;
/** What is in it goes. */
export const O_TRUNC = 0o1000;
/** Each write goes to the end. */
export const O_APPEND = 0o2000;

/** Bytes of a path, the NUL included, and of each name in it. */
const PATH_MAX = 4096;
const NAME_MAX = 255;

/** One file's contents. */
export interface FileNode {
  bytes: Uint8Array;
}

/** The in-memory file system that simulated processes share: paths without folders. */
export class FileSystem {
  readonly #nodes = new Map<string, FileNode>();

  /** @returns a negative errno if that is not to be opened, or not to be created */
  open(path: string, flags: number): FileNode | number {
    if (path.split("/").some((name) => byteLength(name) > NAME_MAX)) return -ENAMETOOLONG;
    const known = this.#nodes.get(path);
    if (known === undefined) return (flags & O_CREAT) === 0 ? -ENOENT : this.#create(path);
    if ((flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0) return -EEXIST;
    if ((flags & O_TRUNC) !== 0) known.bytes = new Uint8Array(0);
    return known;
  }

  #create(path: string): FileNode {
    const node: FileNode = { bytes: new Uint8Array(0) };
    this.#nodes.set(path, node);
    return node;
  }
}

/** What is wrong with a path before anybody looks for the file: 0 or a negative errno. */
export function checkPath(path: string): number {
  if (path === "") return -ENOENT;
  return byteLength(path) >= PATH_MAX ? -ENAMETOOLONG : 0;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
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

import { createRequire } from "node:module";

/** What we call of koffi. */
interface Koffi {
  load(name: string): { func(signature: string): (...args: unknown[]) => unknown };
}

/** libbpf's BTF reader, as it is installed on the machine. */
export interface Libbpf {
  /** Opens BTF of a file and finds a type by name, frees it again; the type's id, 0 or less where there is none. */
  openFileAndFind(path: string, name: string, kind: number): number;
  /** The same with BTF that was read before; libbpf copies it. */
  openBytesAndFind(bytes: Uint8Array, name: string, kind: number): number;
}

/** @throws Error where koffi or libbpf.so.1 is not installed */
export function openLibbpf(): Libbpf {
  const koffi = createRequire(import.meta.url)("koffi") as Koffi;
  const library = koffi.load("libbpf.so.1");
  const parse = library.func("void *btf__parse(const char *path, void *btf_ext)");
  const open = library.func("void *btf__new(const void *data, uint32_t size)");
  const find = library.func("int btf__find_by_name_kind(void *btf, const char *name, uint32_t kind)");
  const free = library.func("void btf__free(void *btf)");
  const findAndFree = (btf: unknown, name: string, kind: number): number => {
    const id = Number(find(btf, name, kind));
    free(btf);
    return id;
  };
  return {
    openFileAndFind: (path, name, kind) => findAndFree(parse(path, null), name, kind),
    openBytesAndFind: (bytes, name, kind) => findAndFree(open(bytes, bytes.length), name, kind),
  };
}

import { EBADF, EINVAL } from "@bpf-ts/uapi/errno";
import { KernelError } from "../error.ts";
import type { OpenFile } from "../fd-table.ts";
import type { BtfObject } from "../objects/btf-object.ts";
import type { LinkObject } from "../objects/link-object.ts";
import type { ProgObject } from "../objects/prog-object.ts";
import { BtfFile, LinkFile, MapFile, ProgFile } from "../process/open-files.ts";
import type { Process } from "../process/process.ts";

function fileOf<T extends OpenFile>(
  process: Process,
  fd: number,
  type: abstract new (...args: never[]) => T,
  what: string,
): T {
  const file = process.fds.get(fd);
  if (file === undefined) throw new KernelError(EBADF, `fd ${fd} is not open, expected a ${what}`);
  if (!(file instanceof type)) throw new KernelError(EINVAL, `fd ${fd} is a ${file.kind}, expected a ${what}`);
  return file;
}

/** The open map behind an fd. @throws KernelError EBADF, EINVAL */
export function mapFile(process: Process, fd: number): MapFile {
  return fileOf(process, fd, MapFile, "map");
}

/** The program behind an fd. @throws KernelError EBADF, EINVAL */
export function progOf(process: Process, fd: number): ProgObject {
  return fileOf(process, fd, ProgFile, "program").prog;
}

/** The link behind an fd. @throws KernelError EBADF, EINVAL */
export function linkOf(process: Process, fd: number): LinkObject {
  return fileOf(process, fd, LinkFile, "link").link;
}

/** The BTF behind an fd. @throws KernelError EBADF, EINVAL */
export function btfOf(process: Process, fd: number): BtfObject {
  return fileOf(process, fd, BtfFile, "BTF").btf;
}

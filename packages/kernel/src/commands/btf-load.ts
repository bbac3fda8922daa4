import { validateBtf } from "@bpf-ts/btf";
import { VerifierRejection } from "../error.ts";
import type { Machine } from "../machine.ts";
import { BtfObject } from "../objects/btf-object.ts";
import { BtfFile } from "../process/open-files.ts";
import type { Process } from "../process/process.ts";

/** BPF_BTF_LOAD. @throws VerifierRejection with the kernel's log */
export function btfLoad(
  machine: Machine,
  process: Process,
  data: Uint8Array,
  logLevel: number,
): { fd: number; log: string } {
  process.fds.reserve();
  const judged = validateBtf(data, { verbose: logLevel > 1 });
  if (!judged.ok) throw new VerifierRejection(judged.errno, `BTF refused: ${lastLine(judged.log)}`, judged.log);
  const object = new BtfObject(data, false, (gone) => machine.objects.btf.release(gone.id));
  object.id = machine.objects.btf.allocate(object);
  return { fd: process.fds.install(new BtfFile(object)), log: judged.log };
}

function lastLine(log: string): string {
  return log.trimEnd().split("\n").at(-1) ?? "";
}

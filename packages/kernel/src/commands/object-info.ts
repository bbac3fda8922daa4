import type { BpfObjectInfo, BpfObjectKind } from "@bpf-ts/uapi";
import { EBADFD, EINVAL, ENOENT } from "@bpf-ts/uapi/errno";
import { KernelError } from "../error.ts";
import type { Machine } from "../machine.ts";
import type { BtfObject } from "../objects/btf-object.ts";
import { LinkObject } from "../objects/link-object.ts";
import { MapObject } from "../objects/map-object.ts";
import { ProgObject } from "../objects/prog-object.ts";
import { sanitizeXlated } from "../objects/sanitize-xlated.ts";
import { BtfFile, LinkFile, MapFile, ProgFile } from "../process/open-files.ts";
import type { Process } from "../process/process.ts";

const INT_MAX = 0x7fff_ffff;

/** BPF_*_GET_NEXT_ID. @throws KernelError EINVAL */
export function getNextId(machine: Machine, kind: BpfObjectKind, startId: number): number | undefined {
  if (!Number.isInteger(startId) || startId < 0 || startId >= INT_MAX)
    throw new KernelError(EINVAL, `start id ${startId}: allowed are 0..${INT_MAX - 1}`);
  return machine.objects.table(kind).next(startId);
}

/** BPF_*_GET_FD_BY_ID. @throws KernelError ENOENT, EMFILE */
export function getFdById(machine: Machine, process: Process, kind: BpfObjectKind, id: number): number {
  const object = machine.objects.table(kind).get(id);
  if (object === undefined) throw new KernelError(ENOENT, `there is no ${kind} with id ${id}`);
  process.fds.reserve();
  if (object instanceof MapObject) {
    object.getUserRef();
    return process.fds.install(new MapFile(object, { canRead: true, canWrite: true }));
  }
  object.getRef();
  if (object instanceof ProgObject) return process.fds.install(new ProgFile(object));
  return process.fds.install(object instanceof LinkObject ? new LinkFile(object) : new BtfFile(object));
}

/** BPF_OBJ_GET_INFO_BY_FD. @throws KernelError EBADFD, EINVAL */
export function objectInfo(machine: Machine, process: Process, fd: number): BpfObjectInfo {
  const file = process.fds.get(fd);
  if (file === undefined) throw new KernelError(EBADFD, `fd ${fd} is not open`);
  if (file instanceof MapFile) return mapInfo(file.map);
  if (file instanceof ProgFile) return progInfo(machine, file.prog);
  if (file instanceof LinkFile) return linkInfo(file.link);
  if (file instanceof BtfFile) return btfInfo(file.btf);
  throw new KernelError(EINVAL, `fd ${fd} is a ${file.kind}: it has no info`);
}

function mapInfo(map: MapObject): BpfObjectInfo {
  const { numaNode: _, ...def } = map.def;
  return {
    ...def,
    kind: "map",
    id: map.id,
    btfId: map.types?.object.id ?? 0,
    btfKeyTypeId: map.keyTypeId,
    btfValueTypeId: map.valueTypeId,
    btfVmlinuxValueTypeId: map.types?.vmlinuxValueTypeId ?? 0,
    frozen: map.frozen,
  };
}

function progInfo(machine: Machine, prog: ProgObject): BpfObjectInfo {
  return {
    kind: "prog",
    id: prog.id,
    progType: prog.progType,
    name: prog.name,
    tag: prog.tag,
    xlated: sanitizeXlated(prog, (handle) => machine.objects.mapByHandle(handle)),
    internalCalls: prog.program.internalCalls,
    mapIds: prog.usedMaps.map(({ id }) => id),
    btfId: prog.btf?.id ?? 0,
    runTimeNs: 0n,
    runCnt: prog.runCount,
    recursionMisses: prog.recursionMisses,
    verifiedInsns: prog.program.verifiedInsns,
    attachBtfId: prog.attachBtfId,
    gplCompatible: prog.gplCompatible,
  };
}

function linkInfo(link: LinkObject): BpfObjectInfo {
  const { raw, ...details } = link.details();
  return {
    kind: "link",
    id: link.id,
    type: link.type,
    progId: link.prog.id,
    raw: raw ?? new Uint8Array(0),
    ...details,
  };
}

function btfInfo(btf: BtfObject): BpfObjectInfo {
  return {
    kind: "btf",
    id: btf.id,
    name: btf.isKernel ? "vmlinux" : "",
    kernelBtf: btf.isKernel,
    data: btf.data.slice(),
  };
}

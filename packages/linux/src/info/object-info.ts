import type { BpfObjectInfo, BpfObjectKind } from "@bpf-ts/uapi";
import { BPF_OBJ_GET_INFO_BY_FD } from "@bpf-ts/uapi/commands";
import { EBADFD, EINVAL } from "@bpf-ts/uapi/errno";
import { type BpfCall, cString } from "../call.ts";
import { LinuxError } from "../error.ts";
import { fdinfo, kindOf } from "../fdinfo.ts";
import { decodeLinkInfo, LINK_INFO_SIZE } from "./link-info.ts";
import { decodeMapInfo, MAP_INFO_SIZE } from "./map-info.ts";
import { decodeProgInfo, PROG_INFO_SIZE } from "./prog-info.ts";

/** Bytes of `struct bpf_btf_info`. @see v6.18 include/uapi/linux/bpf.h */
const BTF_INFO_SIZE = 32;
/** Room for the name of a BTF object: `MODULE_NAME_LEN` at most. */
const BTF_NAME_ROOM = 64;

/** `BPF_OBJ_GET_INFO_BY_FD`. @throws LinuxError EBADFD, EINVAL */
export function objGetInfo(call: BpfCall, fd: number): BpfObjectInfo {
  const text = fdinfo(fd);
  if (text === undefined) throw new LinuxError(EBADFD, `obj_get_info_by_fd: fd ${fd} is not open`);
  const kind = kindOf(text);
  if (kind === undefined) throw new LinuxError(EINVAL, `obj_get_info_by_fd: fd ${fd} is no BPF object`);
  return READERS[kind](call, fd, text);
}

type Reader = (call: BpfCall, fd: number, text: string) => BpfObjectInfo;

const READERS: Readonly<Record<BpfObjectKind, Reader>> = {
  map(call, fd, text) {
    return decodeMapInfo(ask(call, fd, new Uint8Array(MAP_INFO_SIZE)), /^frozen:\t1$/m.test(text));
  },
  prog(call, fd) {
    // First how much there is, then that.
    const sizes = view(ask(call, fd, new Uint8Array(PROG_INFO_SIZE)));
    const xlated = new Uint8Array(sizes.getUint32(20, true));
    const mapIds = new Uint8Array(4 * sizes.getUint32(52, true));
    const request = new Uint8Array(PROG_INFO_SIZE);
    const out = view(request);
    out.setUint32(20, xlated.length, true);
    out.setBigUint64(32, call.syscalls.address(xlated), true);
    out.setUint32(52, mapIds.length / 4, true);
    out.setBigUint64(56, call.syscalls.address(mapIds), true);
    return decodeProgInfo(ask(call, fd, request), xlated, mapIds);
  },
  btf(call, fd) {
    const size = view(ask(call, fd, new Uint8Array(BTF_INFO_SIZE))).getUint32(8, true);
    const data = new Uint8Array(size);
    const name = new Uint8Array(BTF_NAME_ROOM);
    const request = new Uint8Array(BTF_INFO_SIZE);
    const out = view(request);
    out.setBigUint64(0, call.syscalls.address(data), true);
    out.setUint32(8, size, true);
    out.setBigUint64(16, call.syscalls.address(name), true);
    out.setUint32(24, name.length, true);
    const info = view(ask(call, fd, request));
    return {
      kind: "btf",
      id: info.getUint32(12, true),
      name: cString(name),
      kernelBtf: info.getUint32(28, true) === 1,
      data,
    };
  },
  link(call, fd) {
    return decodeLinkInfo(ask(call, fd, new Uint8Array(LINK_INFO_SIZE)));
  },
};

/** Fills the structure, whose pointers may be set. */
function ask(call: BpfCall, fd: number, info: Uint8Array): Uint8Array {
  call.run(BPF_OBJ_GET_INFO_BY_FD, call.attr().u32(0, fd).u32(4, info.length).pointer(8, info));
  return info;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

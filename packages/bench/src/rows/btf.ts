import { existsSync, readFileSync } from "node:fs";
import { BTF_KIND_STRUCT, Btf } from "@bpf-ts/btf";
import {
  benchAllTypes,
  benchDecode,
  benchDedup,
  benchEncode,
  benchFind,
  benchRenderC,
  benchValidate,
  type Prepared,
  prepare,
} from "../../../btf/bench/btf.bench.ts";
import type { Row, Side } from "../frame/row.ts";
import { Unavailable } from "../frame/unavailable.ts";
import { type Libbpf, openLibbpf } from "../peers/libbpf.ts";
import { repeated } from "./repeated.ts";

const VMLINUX = "/sys/kernel/btf/vmlinux";
/** ms to open Linux's own BTF and find a struct in it, when nothing is warm. */
const OPEN_NS = 10e6;

function onKernelBtf(bench: (prepared: Prepared) => number): () => Side {
  return () => {
    const prepared = prepare(kernelBtf());
    return repeated(() => bench(prepared));
  };
}

function kernelBtf(): Uint8Array {
  if (!existsSync(VMLINUX)) throw new Unavailable(`there is no ${VMLINUX}`);
  return readFileSync(VMLINUX);
}

/** @param read The bytes, before the clock starts or after. */
function openAndFind(read: () => Uint8Array): Side {
  return {
    run() {
      const id = Btf.parse(read()).findByName("task_struct", "struct");
      if (id === undefined) throw new Error("no task_struct");
      return id;
    },
  };
}

function openAndFindByLibbpf(open: (libbpf: Libbpf) => (name: string, kind: number) => number): Side {
  const find = open(openLibbpf());
  return {
    run() {
      const id = find("task_struct", BTF_KIND_STRUCT);
      if (id <= 0) throw new Error(`libbpf finds no task_struct: ${id}`);
      return id;
    },
  };
}

export const BTF_ROWS: readonly Row[] = [
  {
    name: "btf: open the kernel's and find a struct, cold",
    unit: "opening",
    ours() {
      const bytes = kernelBtf();
      return openAndFind(() => bytes);
    },
    peer: {
      name: "libbpf",
      open: () =>
        openAndFindByLibbpf((libbpf) => {
          const bytes = kernelBtf();
          return (name, kind) => libbpf.openBytesAndFind(bytes, name, kind);
        }),
    },
    aimNs: OPEN_NS,
    isCold: true,
  },
  {
    name: "btf: the same, with reading it from /sys, cold",
    unit: "opening",
    ours: () => openAndFind(kernelBtf),
    peer: {
      name: "libbpf",
      open: () => openAndFindByLibbpf((libbpf) => (name, kind) => libbpf.openFileAndFind(VMLINUX, name, kind)),
    },
    isCold: true,
  },
  { name: "btf: find by name", unit: "name", ours: onKernelBtf(benchFind) },
  { name: "btf: decode every type", unit: "type", ours: onKernelBtf(benchAllTypes) },
  { name: "btf: validate", unit: "type", ours: onKernelBtf(benchValidate) },
  { name: "btf: deduplicate", unit: "type", ours: onKernelBtf(benchDedup) },
  { name: "btf: print as C", unit: "type", ours: onKernelBtf(benchRenderC) },
  { name: "btf: key from an object", unit: "key", ours: onKernelBtf(benchEncode) },
  { name: "btf: key to an object", unit: "key", ours: onKernelBtf(benchDecode) },
];

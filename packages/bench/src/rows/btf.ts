import { existsSync, readFileSync } from "node:fs";
import { Btf } from "@bpf-ts/btf";
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
import { openLibbpf } from "../peers/libbpf.ts";
import { repeated } from "./repeated.ts";

const VMLINUX = "/sys/kernel/btf/vmlinux";
const BTF_KIND_STRUCT = 4;
/** ms to open Linux's own BTF and find a struct in it, when nothing is warm. */
const OPEN_NS = 10e6;

function onKernelBtf(bench: (prepared: Prepared) => number): () => Side {
  return () => {
    if (!existsSync(VMLINUX)) throw new Unavailable(`there is no ${VMLINUX}`);
    const prepared = prepare(readFileSync(VMLINUX));
    return repeated(() => bench(prepared));
  };
}

function openAndFind(): Side {
  if (!existsSync(VMLINUX)) throw new Unavailable(`there is no ${VMLINUX}`);
  return {
    run() {
      const id = Btf.parse(readFileSync(VMLINUX)).findByName("task_struct", "struct");
      if (id === undefined) throw new Error("no task_struct");
      return id;
    },
  };
}

function openAndFindByLibbpf(): Side {
  const libbpf = openLibbpf();
  return {
    run() {
      const id = libbpf.openAndFind(VMLINUX, "task_struct", BTF_KIND_STRUCT);
      if (id <= 0) throw new Error(`libbpf finds no task_struct: ${id}`);
      return id;
    },
  };
}

export const BTF_ROWS: readonly Row[] = [
  {
    name: "btf: open the kernel's and find a struct, cold",
    unit: "opening",
    ours: openAndFind,
    peer: { name: "libbpf", open: openAndFindByLibbpf },
    aimNs: OPEN_NS,
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

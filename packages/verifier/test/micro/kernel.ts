/// <reference types="node" />
import { readFileSync } from "node:fs";
import { Btf } from "@bpf-ts/btf";
import { type LoadMap, type LoadRequest, loadPrograms } from "../kernel/prog-load.ts";
import {
  assembleCase,
  CASE_MAPS,
  type CaseTypes,
  caseBtf,
  caseFuncInfo,
  type MicroCase,
  messages,
  targetId,
} from "./case.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function loadMaps(types: CaseTypes): Record<string, LoadMap> {
  const maps = [...CASE_MAPS].map(([fd, map]): [string, LoadMap] => [
    String(fd),
    {
      name: `m${fd}`,
      type: map.type,
      key: map.key,
      value: map.value,
      entries: map.entries,
      flags: map.flags ?? 0,
      ...(map.valueType === undefined ? {} : { key_type: types.int, value_type: types[map.valueType] }),
      ...(map.frozen === undefined ? {} : { frozen: hex(Buffer.from(map.frozen.padEnd(map.value, "\0"), "latin1")) }),
    },
  ]);
  return Object.fromEntries(maps);
}

/** The running kernel's verdicts about the cases: `accept`, or errno and messages of the log. */
export function kernelVerdicts(cases: readonly MicroCase[]): string[] {
  const kernel = Btf.parse(readFileSync("/sys/kernel/btf/vmlinux"));
  const types = caseBtf();
  const btf = Btf.parse(types.bytes);
  const maps = loadMaps(types);
  const requests = cases.map((c): LoadRequest => {
    const insns = assembleCase(c, kernel, types);
    const funcs = caseFuncInfo(c, insns, btf);
    return {
      insns: hex(insns),
      prog_type: c.type ?? 3,
      flags: c.flags ?? 0,
      log_level: 1,
      license: c.license ?? "GPL",
      attach_type: c.attachType ?? 0,
      attach_btf_id: c.target === undefined ? 0 : targetId(kernel, c.target),
      btf: hex(types.bytes),
      maps,
      func_info: hex(funcs),
    };
  });
  return loadPrograms(requests).map(({ errno, log }) => `${errno === 0 ? "accept" : errno} ${messages(log)}`.trimEnd());
}

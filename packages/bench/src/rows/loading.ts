import { createKernel } from "@bpf-ts/kernel";
import type { Bpf } from "@bpf-ts/uapi";
import { BPF_PROG_TYPE_XDP } from "@bpf-ts/uapi/prog-types";
import type { Row, Side } from "../frame/row.ts";
import { LINUX, openLinux } from "../peers/linux.ts";
import { createMapOf, instructionsOf, type LoopProgram, PROGRAMS } from "./programs.ts";

/** Loads a program and closes it again: verification, rewrites, what makes it run. */
function load(bpf: Bpf, program: LoopProgram, done: () => void): Side {
  const mapFd = createMapOf(bpf, program);
  const insns = instructionsOf(program, mapFd);
  return {
    run(n) {
      for (let i = 0; i < n; i++)
        bpf.close(bpf.progLoad({ progType: BPF_PROG_TYPE_XDP, license: "GPL", name: "bench", insns }).fd);
    },
    close() {
      if (mapFd !== undefined) bpf.close(mapFd);
      done();
    },
  };
}

function row(name: string, program: LoopProgram): Row {
  return {
    name: `load: ${name}`,
    unit: "program",
    ours: () => {
      const kernel = createKernel();
      return load(kernel.bpf, program, () => kernel[Symbol.dispose]());
    },
    peer: { name: LINUX, open: () => load(openLinux(), program, () => {}) },
    aim: 1,
  };
}

export const LOAD_ROWS: readonly Row[] = [
  row("1,000 rounds of arithmetic, walked one by one", PROGRAMS.alu64),
  row("500 rounds of a hash update", PROGRAMS.hashUpdate),
];

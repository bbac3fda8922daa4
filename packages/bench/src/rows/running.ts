import { createKernel, type KernelOptions } from "@bpf-ts/kernel";
import type { Row, Side } from "../frame/row.ts";
import { LINUX, openLinux } from "../peers/linux.ts";
import { type LoopProgram, loadLoop, PROGRAMS } from "./programs.ts";

/** A packet of the smallest size that Ethernet has. */
const PACKET = { dataIn: new Uint8Array(64) };
/** BPF_PROG_TEST_RUN takes no more runs at once. */
const MOST_REPEATS = 1_000_000;

/** A program run by our kernel; its time is this thread's. */
export function runByUs(program: LoopProgram, options: KernelOptions = {}): Side {
  const kernel = createKernel(options);
  const loaded = loadLoop(kernel.bpf, program);
  return {
    units: loaded.units,
    run: (n) => kernel.bpf.progTestRun(loaded.progFd, { ...PACKET, repeat: n }).retval,
    close() {
      loaded.close();
      kernel[Symbol.dispose]();
    },
  };
}

/** The same instructions run by Linux, which measures its runs itself. */
export function runByLinux(program: LoopProgram): Side {
  const linux = openLinux();
  const loaded = loadLoop(linux, program);
  return {
    units: loaded.units,
    run: (n) => linux.progTestRun(loaded.progFd, { ...PACKET, repeat: n }),
    time(n) {
      let ns = 0;
      for (let left = n; left > 0; left -= MOST_REPEATS) {
        const repeat = Math.min(left, MOST_REPEATS);
        ns += linux.progTestRun(loaded.progFd, { ...PACKET, repeat }).durationNs * repeat;
      }
      return ns;
    },
    close: () => loaded.close(),
  };
}

function row(name: string, unit: string, program: LoopProgram, aim: number): Row {
  return {
    name: `run: ${name}`,
    unit,
    ours: () => runByUs(program),
    peer: { name: LINUX, open: () => runByLinux(program) },
    aim,
  };
}

/** One run called from JS, with all that it takes to make a context of a packet. */
function oneRun(): Side {
  const kernel = createKernel();
  const loaded = loadLoop(kernel.bpf, { body: "r6 = 0", rounds: 1, unitsInRound: 1 });
  return {
    run(n) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += kernel.bpf.progTestRun(loaded.progFd, PACKET).retval;
      return sum;
    },
    close() {
      loaded.close();
      kernel[Symbol.dispose]();
    },
  };
}

export const RUN_ROWS: readonly Row[] = [
  row("64-bit arithmetic", "instruction", PROGRAMS.alu64, 1.1),
  row("32-bit arithmetic", "instruction", PROGRAMS.alu32, 1.1),
  row("packet loads", "load", PROGRAMS.packet, 1),
  row("bpf-to-bpf call", "call", PROGRAMS.calls, 0.5),
  row("array look-up and increment", "operation", PROGRAMS.arrayIncrement, 1.1),
  row("hash hit", "operation", PROGRAMS.hashHit, 0.35),
  row("hash update", "operation", PROGRAMS.hashUpdate, 0.2),
  row("hash delete and insert", "pair", PROGRAMS.hashInsertDelete, 0.2),
  { name: "run: one test run of 64 bytes, from JS", unit: "run", ours: oneRun, aimNs: 50 },
];

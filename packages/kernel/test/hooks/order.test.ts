/** When programs at functions and tracepoints run, in which order, and when they don't. */
import { BPF_PERF_EVENT } from "@bpf-ts/uapi/attach-types";
import { E2BIG, EBUSY, EEXIST, EINVAL, EPERM } from "@bpf-ts/uapi/errno";
import { BPF_PROG_TYPE_KPROBE, BPF_PROG_TYPE_XDP } from "@bpf-ts/uapi/prog-types";
import { expect, test } from "vitest";
import { createKernel, type Kernel } from "../../src/index.ts";
import {
  ATTACH,
  arrayMap,
  closeAll,
  errnoOf,
  hashMap,
  keep,
  kept,
  load,
  probe,
  progInfo,
  rawTracepoint,
  say,
  saying,
  trace,
  u32,
  update,
} from "../programs.ts";

const WRITE = "__x64_sys_write";

/** What is printed while a process writes a byte; then the result of the call. */
function write(kernel: Kernel): [string, number] {
  const process = kernel.processes[1] ?? kernel.spawn();
  const fd = process.fds.entries()[0]?.[0] ?? process.openat("/f");
  const from = kernel.traceLog.lines.length;
  const result = process.write(fd, Uint8Array.of(1));
  return [kernel.traceLog.lines.slice(from).join(" "), result];
}

test("sys_enter, kprobe, fentry, fmod_ret, the call, fexit, kretprobe, sys_exit", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const links: number[] = [];
  links.push(bpf.rawTracepointOpen("sys_exit", rawTracepoint(bpf, saying("sysexit"))));
  links.push(probe(bpf, WRITE, saying("kret"), { retprobe: true }).link);
  links.push(trace(bpf, "fexit", WRITE, saying("fexit")).link);
  links.push(trace(bpf, "fmod_ret", WRITE, saying("fmod")).link);
  links.push(trace(bpf, "fentry", WRITE, saying("fentry")).link);
  links.push(probe(bpf, WRITE, saying("kprobe")).link);
  links.push(bpf.rawTracepointOpen("sys_enter", rawTracepoint(bpf, saying("enter"))));
  expect(write(kernel)).toEqual(["enter kprobe fentry fmod fexit kret sysexit", 1]);
  closeAll(kernel);
});

test("newest first, but raw tracepoints and kretprobes oldest first", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  for (const n of ["1", "2", "3"]) {
    bpf.rawTracepointOpen("sys_enter", rawTracepoint(bpf, saying(`t${n}`)));
    probe(bpf, WRITE, saying(`k${n}`));
    trace(bpf, "fentry", WRITE, saying(`e${n}`));
    trace(bpf, "fmod_ret", WRITE, saying(`m${n}`));
    trace(bpf, "fexit", WRITE, saying(`x${n}`));
    probe(bpf, WRITE, saying(`r${n}`), { retprobe: true });
  }
  const [text] = write(kernel);
  expect(text).toBe("t1 t2 t3 k3 k2 k1 e3 e2 e1 m3 m2 m1 x3 x2 x1 r1 r2 r3");
  closeAll(kernel);
});

test("fmod_ret: the first value that is not 0 takes the place of later ones and of the call", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  trace(bpf, "fmod_ret", WRITE, saying("old"));
  const { link } = trace(bpf, "fmod_ret", WRITE, `${say("no")}\nr0 = -1\nexit`);
  trace(bpf, "fmod_ret", WRITE, saying("new"));
  const seen = arrayMap(bpf);
  trace(bpf, "fexit", WRITE, `r0 = *(u64 *)(r1 +8)\n${keep(seen)}\nr0 = 0\nexit`);
  expect(write(kernel)).toEqual(["new no", -EPERM]);
  expect(BigInt.asIntN(64, kept(bpf, seen))).toBe(-1n);
  bpf.close(link);
  expect(write(kernel)).toEqual(["new old", 1]);
  expect(kept(bpf, seen)).toBe(1n);
  closeAll(kernel);
});

test("a command that fmod_ret refuses does not happen", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const map = hashMap(bpf);
  // Only for other processes: its own could not take it away again.
  const other = kernel.spawn();
  trace(
    bpf,
    "fmod_ret",
    "__x64_sys_bpf",
    `call bpf_get_current_pid_tgid\nr0 <<= 32\nr0 >>= 32\nif r0 != ${other.pid} goto pc+2\nr0 = -13\nexit\nr0 = 0\nexit`,
  );
  const fd = other.fds.entries().length;
  expect(
    errnoOf(() => other.bpf.mapCreate({ type: 1, name: "", keySize: 4, valueSize: 4, maxEntries: 1, mapFlags: 0 })),
  ).toBe(13);
  expect(other.fds.entries().length).toBe(fd);
  bpf.mapUpdateElem(map, u32(1), u32(2));
  closeAll(kernel);
});

test("probes do not run inside probes, and not while user space writes a map: counted as missed", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const map = hashMap(bpf);
  const inner = probe(bpf, "bpf_map_trace_update_elem", saying("inner"));
  const outer = probe(bpf, WRITE, `${update(map, 1, 1)}\n${saying("outer")}`);
  expect(write(kernel)[0]).toBe("outer");
  expect(progInfo(bpf, inner.prog).recursionMisses).toBe(1n);
  bpf.mapUpdateElem(map, u32(2), u32(2));
  expect(progInfo(bpf, inner.prog).recursionMisses).toBe(2n);
  expect(progInfo(bpf, inner.prog).runCnt).toBe(0n);
  // From a program that is no probe they do.
  trace(bpf, "fentry", WRITE, `${update(map, 3, 3)}\n${saying("fentry")}`);
  bpf.close(outer.link);
  expect(write(kernel)[0]).toBe("inner fentry");
  closeAll(kernel);
});

test("a program that already runs on the CPU is skipped, and counted; on another CPU it runs", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const map = hashMap(bpf);
  const self = trace(bpf, "fentry", "bpf_map_trace_update_elem", `${update(map, 1, 1)}\n${saying("self")}`);
  bpf.mapUpdateElem(map, u32(2), u32(2));
  expect(kernel.traceLog.lines).toEqual(["self"]);
  expect(progInfo(bpf, self.prog)).toMatchObject({ runCnt: 1n, recursionMisses: 1n });
  closeAll(kernel);
});

test("programs that set each other off: 24 levels run, deeper ones are missed", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const map = hashMap(bpf, 64);
  // The n-th waits for key n and writes key n + 1.
  const progs = Array.from({ length: 30 }, (_, n) =>
    trace(
      bpf,
      "fexit",
      "bpf_map_trace_update_elem",
      `r3 = *(u64 *)(r1 +8)
       r1 = r10
       r1 += -8
       r2 = 4
       call bpf_probe_read_kernel
       r1 = *(u32 *)(r10 -8)
       if r1 != ${n} goto out
       ${update(map, n + 1, 0)}
       out:
       r0 = 0
       exit`,
    ),
  );
  bpf.mapUpdateElem(map, u32(0), u32(0));
  const keys = Array.from({ length: 40 }, (_, n) => n).filter(
    (n) => errnoOf(() => bpf.mapLookupElem(map, u32(n), new Uint8Array(4))) === 0,
  );
  expect(keys).toEqual(Array.from({ length: 25 }, (_, n) => n));
  const infos = progs.map(({ prog }) => progInfo(bpf, prog));
  // Programs 0 … 23 are alive when the 25th key is written; the other six could run, but not that deep.
  expect(infos[29]!.recursionMisses).toBe(1n);
  expect(infos[24]!.recursionMisses).toBe(1n);
  expect(infos[0]!.recursionMisses).toBe(24n);
  closeAll(kernel);
});

test("what is attached during a call does not run at its end, and what goes away then doesn't either", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const call = (): string => {
    const from = kernel.traceLog.lines.length;
    bpf.mapUpdateElem(map, u32(0), u32(0));
    return kernel.traceLog.lines.slice(from).join(" ");
  };
  const map = hashMap(bpf);
  const before = trace(bpf, "fentry", "__sys_bpf", saying("entry"));
  const late = load(bpf, saying("late"), {
    progType: 26,
    expectedAttachType: ATTACH.fexit,
    attachBtfId: progInfo(bpf, before.prog).attachBtfId,
  });
  const from = kernel.traceLog.lines.length;
  const link = bpf.linkCreate({ progFd: late, attachType: ATTACH.fexit });
  expect(kernel.traceLog.lines.slice(from)).toEqual(["entry"]);
  const ret = probe(bpf, "__sys_bpf", saying("ret"), { retprobe: true });
  expect(call()).toBe("entry late ret");
  bpf.close(ret.link);
  bpf.close(link);
  expect(call()).toBe("entry");
  closeAll(kernel);
});

test("one place at a hook for a program, 38 at a function, one program an event", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const { prog } = trace(bpf, "fentry", WRITE, "r0 = 0\nexit");
  expect(errnoOf(() => bpf.linkCreate({ progFd: prog, attachType: ATTACH.fentry }))).toBe(EBUSY);
  for (let i = 1; i < 38; i++) trace(bpf, i % 2 === 0 ? "fexit" : "fmod_ret", WRITE, "r0 = 0\nexit");
  expect(errnoOf(() => trace(bpf, "fentry", WRITE, "r0 = 0\nexit"))).toBe(E2BIG);
  // Another function has room.
  trace(bpf, "fentry", "__x64_sys_close", "r0 = 0\nexit");
  const event = bpf.perfEventOpen({ kind: "kprobe", func: WRITE, retprobe: false });
  const kprobe = load(bpf, "r0 = 0\nexit", { progType: BPF_PROG_TYPE_KPROBE });
  const attr = { progFd: kprobe, targetFd: event, attachType: BPF_PERF_EVENT };
  const link = bpf.linkCreate(attr);
  expect(errnoOf(() => bpf.linkCreate(attr))).toBe(EEXIST);
  bpf.close(link);
  bpf.close(bpf.linkCreate(attr));
  closeAll(kernel);
});

test("a raw tracepoint takes raw tracepoint programs alone", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const xdp = load(bpf, "r0 = *(u32 *)(r1 +0)\nr0 = 2\nexit", { progType: BPF_PROG_TYPE_XDP });
  expect(errnoOf(() => bpf.rawTracepointOpen("sys_enter", xdp))).toBe(EINVAL);
  closeAll(kernel);
});

test("arguments: of the tracepoint, in registers, in the context", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const [tp, k, e, x] = [arrayMap(bpf), arrayMap(bpf), arrayMap(bpf), arrayMap(bpf)];
  bpf.rawTracepointOpen("sys_enter", rawTracepoint(bpf, `r0 = *(u64 *)(r1 +8)\n${keep(tp)}\nr0 = 0\nexit`));
  bpf.rawTracepointOpen("sys_exit", rawTracepoint(bpf, `r0 = *(u64 *)(r1 +8)\n${keep(x)}\nr0 = 0\nexit`));
  // di holds the first argument: the system call's registers, whose dx is the count.
  const count = (load: string): string =>
    `r6 = r1\nr3 = ${load}\nr3 += 96\nr1 = r10\nr1 += -24\nr2 = 8\ncall bpf_probe_read_kernel\nr0 = *(u64 *)(r10 -24)`;
  probe(bpf, WRITE, `*(u64 *)(r10 -24) = 0\n${count("*(u64 *)(r1 +112)")}\n${keep(k)}\nr0 = 0\nexit`);
  trace(bpf, "fentry", WRITE, `*(u64 *)(r10 -24) = 0\n${count("*(u64 *)(r1 +0)")}\n${keep(e)}\nr0 = 0\nexit`);
  const process = kernel.spawn();
  const fd = process.openat("/f");
  expect(process.write(fd, new Uint8Array(1234))).toBe(1234);
  // The look-ups that follow are system calls as well: 321 is bpf(2).
  expect([kept(bpf, k), kept(bpf, e)]).toEqual([1234n, 1234n]);
  expect(kept(bpf, tp)).toBe(321n);
  expect(kept(bpf, x)).toBe(0n);
  closeAll(kernel);
});

test("cookies, the function's address and its name", () => {
  const kernel = createKernel();
  const { bpf } = kernel;
  const [cookies, ips] = [arrayMap(bpf), arrayMap(bpf)];
  const text = `r6 = r1
    call bpf_get_attach_cookie
    ${keep(cookies)}
    r1 = r6
    call bpf_get_func_ip
    ${keep(ips)}
    *(u32 *)(r10 -8) = 0x735025
    r1 = r10
    r1 += -8
    r2 = 4
    r3 = r9
    call bpf_trace_printk
    r0 = 0
    exit`;
  const symbols = text.replace("0x735025", "0x737025");
  const seen: [bigint, bigint][] = [];
  for (const attach of [
    () => trace(bpf, "fentry", WRITE, symbols, 0x1234_5678_9abc_def0n),
    () => trace(bpf, "fexit", WRITE, symbols, 7n),
    () => probe(bpf, WRITE, symbols, { cookie: 2n ** 64n - 1n }),
    () => probe(bpf, WRITE, symbols, { retprobe: true, cookie: 1n }),
    () => trace(bpf, "fmod_ret", WRITE, symbols),
  ]) {
    const { link } = attach();
    expect(write(kernel)[0]).toBe(WRITE);
    seen.push([kept(bpf, cookies), kept(bpf, ips)]);
    bpf.close(link);
  }
  expect(seen.map(([cookie]) => cookie)).toEqual([0x1234_5678_9abc_def0n, 7n, 2n ** 64n - 1n, 1n, 0n]);
  expect(new Set(seen.map(([, ip]) => ip)).size).toBe(1);
  expect(seen[0]![1]).toBeGreaterThan(0xffff_ffff_8100_0000n);
  closeAll(kernel);
});

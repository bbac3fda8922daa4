import { describe, expect, it } from "vitest";
import { dumpImm64, formatKernel, type Insn, type KernelFormatOptions } from "../../src/index.ts";

function insn(code: number, fields: Partial<Insn> = {}): Insn {
  return { code, dst: 0, src: 0, off: 0, imm: 0, ...fields };
}

function text(first: Insn, options?: KernelFormatOptions, next?: Insn): string {
  return formatKernel(next === undefined ? [first] : [first, next], 0, options);
}

describe("formatKernel", () => {
  // Each of them is a line of a log of Linux 6.18.
  it.each<[string, Insn, Insn?]>([
    ["(bf) r6 = r1", insn(0xbf, { dst: 6, src: 1 })],
    ["(b7) r1 = -1", insn(0xb7, { dst: 1, imm: -1 })],
    ["(bc) w1 = (s8)w2", insn(0xbc, { dst: 1, src: 2, off: 8 })],
    ["(bf) r1 = (s32)r2", insn(0xbf, { dst: 1, src: 2, off: 32 })],
    ["(3f) r1 s/= r2", insn(0x3f, { dst: 1, src: 2, off: 1 })],
    ["(94) w1 s%= -3", insn(0x94, { dst: 1, imm: -3, off: 1 })],
    ["(c7) r2 s>>= 32", insn(0xc7, { dst: 2, imm: 32 })],
    ["(87) r2 = -r2", insn(0x87, { dst: 2 })],
    ["(84) w0 = -w0", insn(0x84)],
    ["(d4) r2 = le16 r2", insn(0xd4, { dst: 2, imm: 16 })],
    ["(dc) r2 = be32 r2", insn(0xdc, { dst: 2, imm: 32 })],
    ["(d7) r0 = bswap64 r0", insn(0xd7, { imm: 64 })],
    ["(bf) r1 = addr_space_cast(r2, 0, 1)", insn(0xbf, { dst: 1, src: 2, off: 1, imm: 1 })],
    ["(bf) r1 = addr_space_cast(r2, 65535, 0)", insn(0xbf, { dst: 1, src: 2, off: 1, imm: -65536 })],
    ["(61) r1 = *(u32 *)(r10 -412)", insn(0x61, { dst: 1, src: 10, off: -412 })],
    ["(69) r4 = *(u16 *)(r1 +0)", insn(0x69, { dst: 4, src: 1 })],
    ["(81) r0 = *(s32 *)(r10 -8)", insn(0x81, { src: 10, off: -8 })],
    ["(7a) *(u64 *)(r10 -8) = -5", insn(0x7a, { dst: 10, off: -8, imm: -5 })],
    ["(73) *(u8 *)(r10 -1) = r6", insn(0x73, { dst: 10, off: -1, src: 6 })],
    ["(c3) lock *(u32 *)(r10 -7) += r0", insn(0xc3, { dst: 10, off: -7 })],
    ["(db) lock *(u64 *)(r4 +0) ^= r5", insn(0xdb, { dst: 4, src: 5, imm: 0xa0 })],
    ["(c3) r5 = atomic_fetch_or((u32 *)(r4 +0), r5)", insn(0xc3, { dst: 4, src: 5, imm: 0x41 })],
    ["(db) r5 = atomic64_fetch_and((u64 *)(r4 +0), r5)", insn(0xdb, { dst: 4, src: 5, imm: 0x51 })],
    ["(db) r5 = atomic64_xchg((u64 *)(r4 +0), r5)", insn(0xdb, { dst: 4, src: 5, imm: 0xe1 })],
    ["(c3) r0 = atomic_cmpxchg((u32 *)(r4 +0), r0, r5)", insn(0xc3, { dst: 4, src: 5, imm: 0xf1 })],
    ["(d3) r1 = load_acquire((u8 *)(r2 +3))", insn(0xd3, { dst: 1, src: 2, off: 3, imm: 0x100 })],
    ["(cb) store_release((u16 *)(r1 -2), r2)", insn(0xcb, { dst: 1, src: 2, off: -2, imm: 0x110 })],
    ["(20) r0 = *(u32 *)skb[0]", insn(0x20)],
    ["(40) r0 = *(u32 *)skb[r1 + -2097152]", insn(0x40, { src: 1, imm: -2097152 })],
    ["(05) goto pc+29", insn(0x05, { off: 29 })],
    ["(05) goto pc-1", insn(0x05, { off: -1 })],
    ["(06) gotol pc+70000", insn(0x06, { imm: 70000 })],
    ["(e5) may_goto pc+1", insn(0xe5, { off: 1 })],
    ["(15) if r7 == 0x0 goto pc+10", insn(0x15, { dst: 7, off: 10 })],
    ["(d6) if w7 s<= 0xffffffff goto pc+1", insn(0xd6, { dst: 7, imm: -1, off: 1 })],
    ["(4d) if r7 & r8 goto pc+1", insn(0x4d, { dst: 7, src: 8, off: 1 })],
    ["(85) call bpf_map_lookup_elem#1", insn(0x85, { imm: 1 })],
    ["(85) call unknown#9999", insn(0x85, { imm: 9999 })],
    ["(85) call unknown#-1", insn(0x85, { imm: -1 })],
    ["(85) call pc+5", insn(0x85, { src: 1, imm: 5 })],
    ["(85) call pc-5", insn(0x85, { src: 1, imm: -5 })],
    ["(85) call kernel-function#77", insn(0x85, { src: 2, imm: 77 })],
    ["(95) exit", insn(0x95)],
    ["(18) r1 = 0x5", insn(0x18, { dst: 1, imm: 5 }), insn(0)],
    ["(18) r1 = 0xffffffff", insn(0x18, { dst: 1, imm: -1 }), insn(0)],
    ["(18) r1 = 0xffffffffffffffff", insn(0x18, { dst: 1, imm: -1 }), insn(0, { imm: -1 })],
    ["(18) r1 = 0x100000000", insn(0x18, { dst: 1 }), insn(0, { imm: 1 })],
    ["(18) r1 = 0xffff88810badcafe", insn(0x18, { dst: 1, src: 1, imm: 0x0badcafe }), insn(0, { imm: -30591 })],
  ])("%s", (expected, first, next) => {
    expect(text(first, {}, next)).toBe(expected);
  });

  // What the kernel's printer makes of what no program holds.
  it.each<[string, Insn]>([
    ["BUG_ld_00", insn(0x00)],
    ["BUG_ld_60", insn(0x60)],
    ["BUG_ldx_01", insn(0x01)],
    ["BUG_st_02", insn(0x02)],
    ["BUG_03", insn(0x03)],
    ["BUG_db", insn(0xdb, { imm: 0x10 })],
    ["(c2) nospec", insn(0xc2)],
    ["(bf) r1 = &(void __percpu *)(r2)", insn(0xbf, { dst: 1, src: 2, off: -1 })],
    ["(e7) r1 (null) 5", insn(0xe7, { dst: 1, imm: 5 })],
    ["(e6) if w1 (null) 0x5 goto pc+2", insn(0xe6, { dst: 1, imm: 5, off: 2 })],
    ["(8d) call bpf_ktime_get_ns#5", insn(0x8d, { imm: 5 })],
  ])("%s", (expected, first) => {
    expect(text(first)).toBe(expected);
  });

  it("prints no address to a loader that may not see it", () => {
    const options: KernelFormatOptions = { hidePointers: true };
    const second = insn(0, { imm: -30591 });
    for (const src of [1, 2, 3, 5, 6])
      expect(text(insn(0x18, { dst: 1, src, imm: 7 }), options, second)).toBe("(18) r1 = 0x0");
    for (const src of [0, 4]) expect(text(insn(0x18, { dst: 1, src, imm: 7 }), options, insn(0))).toBe("(18) r1 = 0x7");
  });

  it("asks for names of what is no helper", () => {
    const callName = (call: Insn): string | undefined =>
      call.imm === 5 ? undefined : call.src === 1 ? "+3#main" : "bpf_cpumask_create";
    expect(text(insn(0x85, { src: 2, imm: 66 }), { callName })).toBe("(85) call bpf_cpumask_create#66");
    expect(text(insn(0x85, { src: 2, imm: 5 }), { callName })).toBe("(85) call kernel-function#5");
    expect(text(insn(0x85, { src: 1, imm: 3 }), { callName })).toBe("(85) call pc+3#main");
    expect(text(insn(0x85, { imm: 1 }), { callName })).toBe("(85) call bpf_map_lookup_elem#1");
  });

  it("leaves the opcode out, and tells ld_imm64 from a mov then", () => {
    expect(text(insn(0xbf, { dst: 6, src: 1 }), { opcode: false })).toBe("r6 = r1");
    expect(text(insn(0x18, { dst: 6, imm: 16 }), { opcode: false }, insn(0))).toBe("r6 = 0x10 ll");
  });

  it("spells references as bpftool's dumps do", () => {
    const options: KernelFormatOptions = { imm64: dumpImm64 };
    const dump = (src: number, imm: number, high: number): string =>
      text(insn(0x18, { dst: 2, src, imm }), options, insn(0, { imm: high }));
    expect(dump(1, 5, 0)).toBe("(18) r2 = map[id:5]");
    expect(dump(2, 5, 8)).toBe("(18) r2 = map[id:5][0]+8");
    expect(dump(6, 5, 8)).toBe("(18) r2 = map[idx:5]+8");
    expect(dump(4, -3, 0)).toBe("(18) r2 = subprog[-3]");
    expect(dump(0, 5, 1)).toBe("(18) r2 = 0x100000005");
  });

  it("loses nothing where asked", () => {
    const options: KernelFormatOptions = { lossless: true };
    expect(text(insn(0xbf, { dst: 6, src: 1, imm: 3, off: 2 }), options)).toBe("(bf) r6 = r1 {off=2, imm=3}");
    expect(text(insn(0x85, { src: 2, imm: 77, off: 1 }), options)).toBe("(85) call kernel-function#77 {off=1}");
    expect(text(insn(0x85, { src: 7, imm: 1 }), options)).toBe("(85) call unknown#1 {src=7}");
    expect(text(insn(0x18, { dst: 1, src: 1, imm: 3 }), options, insn(0))).toBe("(18) r1 = map[fd:3]");
    expect(text(insn(0x18, { dst: 1, src: 2, imm: 3 }), options, insn(0, { imm: -8 }))).toBe(
      "(18) r1 = map[fd:3][0]-8",
    );
    expect(text(insn(0x18, { dst: 1, src: 3, imm: 9 }), options, insn(0, { imm: 4 }))).toBe(
      "(18) r1 = btf[fd:4, id:9]",
    );
    expect(text(insn(0x18, { dst: 1, src: 1, imm: 3 }), options, insn(0, { imm: 1 }))).toBe(
      "(18) r1 = 0x100000003 {src=1}",
    );
    expect(text(insn(0x00, { dst: 1, src: 2, off: -1, imm: -2 }), options)).toBe(".8byte 0xfffffffeffff2100");
  });
});

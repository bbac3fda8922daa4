// What LLVM 19's assembler and disassembler say, for test/fixtures/llvm-19.txt.
//   node scripts/llvm-fixture.mjs > test/fixtures/llvm-19.txt
// Needs llvm-mc-19, llvm-objdump-19 and clang-19. Each line: bytes in hex, text of llvm-objdump --mcpu=v4, its text without --mcpu, and the
// assembler text that gave the bytes (empty: the bytes were given), with tabs between. Sections start with "== ". In the section "syntax" each line
// is: bytes of bpfel, bytes of bpfeb, text as JSON; or ! and the line of the text that is refused.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** All tools are of one version of LLVM. */
const tool = (name) => `${name}-19`;

const ALU = ["+=", "-=", "*=", "/=", "s/=", "%=", "s%=", "|=", "&=", "^=", "<<=", ">>=", "s>>=", "="];
const JMP = ["==", "!=", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<=", "&"];
const IMM = ["0", "1", "-1", "0x7fffffff", "-2147483648", "31"];
const OFF = ["+ 0", "+ 4", "- 8", "+ 32767", "- 32768", "+ 0x10"];

/** Every form of every instruction, some operands each. */
function statements() {
  const list = [];
  for (const [i, operator] of ALU.entries()) {
    for (const r of ["r", "w"]) {
      list.push(
        `${r}${i % 10} ${operator} ${r}${(i + 3) % 11}`,
        `${r}${(i + 5) % 10} ${operator} ${IMM[i % IMM.length]}`,
      );
      list.push(`${r}9 ${operator} 7`);
    }
  }
  for (const imm of IMM) list.push(`r1 = ${imm}`, `w2 = ${imm}`, `r3 += ${imm}`, `*(u32 *)(r1 + 0) = ${imm}`);
  for (const r of ["r", "w"]) {
    for (let i = 0; i < 10; i += 3) list.push(`${r}${i} = -${r}${i}`);
    for (const bits of r === "r" ? [8, 16, 32] : [8, 16])
      list.push(`${r}1 = (s${bits})${r}2`, `${r}9 = (s${bits})${r}10`);
  }
  for (const swap of ["le", "be", "bswap"])
    for (const bits of [16, 32, 64]) list.push(`r${bits / 16} = ${swap}${bits} r${bits / 16}`);
  list.push("r1 = addr_space_cast(r2, 0, 1)", "r9 = addr_space_cast(r0, 1, 0)");
  for (const [i, operator] of JMP.entries()) {
    for (const r of ["r", "w"]) {
      list.push(`if ${r}${i % 11} ${operator} ${r}${(i + 4) % 11} goto +${i}`);
      list.push(`if ${r}${(i + 2) % 11} ${operator} ${IMM[i % IMM.length]} goto -${i}`);
    }
  }
  for (const distance of ["+0", "+1", "-1", "+32767", "-32768"]) {
    list.push(`goto ${distance}`, `gotol ${distance}`, `may_goto ${distance}`, `if r1 != 5 goto ${distance}`);
  }
  for (const [i, off] of OFF.entries()) {
    for (const size of ["u8", "u16", "u32", "u64"]) {
      const w = size === "u64" ? "r" : "w";
      list.push(`r${i} = *(${size} *)(r${i + 1} ${off})`, `*(${size} *)(r${i + 2} ${off}) = r${i}`);
      list.push(`${w}${i} = *(${size} *)(r${i + 1} ${off})`, `*(${size} *)(r${i + 2} ${off}) = ${w}${i}`);
      list.push(`*(${size} *)(r10 ${off}) = ${IMM[i]}`);
    }
    for (const size of ["s8", "s16", "s32"]) list.push(`r${i} = *(${size} *)(r${i + 1} ${off})`);
    for (const operator of ["+=", "|=", "&=", "^="]) {
      list.push(`lock *(u32 *)(r1 ${off}) ${operator} w${i}`, `lock *(u64 *)(r1 ${off}) ${operator} r${i}`);
    }
    for (const name of ["add", "or", "and", "xor"]) {
      list.push(`w${i} = atomic_fetch_${name}((u32 *)(r10 ${off}), w${i})`);
      list.push(`r${i} = atomic_fetch_${name}((u64 *)(r10 ${off}), r${i})`);
    }
    list.push(`w${i} = xchg32_32(r3 ${off}, w${i})`, `r${i} = xchg_64(r3 ${off}, r${i})`);
    list.push(`w0 = cmpxchg32_32(r3 ${off}, w0, w${i})`, `r0 = cmpxchg_64(r3 ${off}, r0, r${i})`);
  }
  for (const size of ["u8", "u16", "u32"]) {
    list.push(
      `r0 = *(${size} *)skb[0]`,
      `r0 = *(${size} *)skb[-14]`,
      `r0 = *(${size} *)skb[0x7fffffff]`,
      `r0 = *(${size} *)skb[r7]`,
    );
  }
  for (const value of [
    "0",
    "-1",
    "0x7fffffff",
    "0x80000000",
    "0x123456789abcdef",
    "-9223372036854775808",
    "0xffffffff",
    "1",
  ]) {
    list.push(`r1 = ${value} ll`);
  }
  for (let kind = 1; kind < 7; kind++) list.push(`ld_pseudo r${kind}, ${kind}, ${kind * 1000}`);
  list.push("ld_pseudo r1, 1, -1", "call 0", "call 1", "call -1", "call 0x7fffffff", "callx r1", "callx r9", "exit");
  return list;
}

/** Literals and expressions. */
const NUMBERS = [
  ..."0 017 00 08 0x1F 0X1f 0b101 0B11 -017 +1 2147483648 4294967295 0xffffffffffffffff 18446744073709551615".split(
    " ",
  ),
  ..."18446744073709551616 1+2 1-2 1<<4 1<<31 1+(2) 2*(3+4) -1-1 -1+3 1+-1 1++2 1--2 2*3+4 4+2*3 1|6&3 1+2|4 7%3".split(
    " ",
  ),
  ..."7/2 -7/2 -7%3 256>>4 1^3 1+~1 'a' '\\n' '\\'' '\\0' '#' ';' -'a' (1+2) (1)+2 -(5) ~1 -+1 !0 1_000 0x 0b 1.5 0xg 1+ 5U 5L 5ULL 0x5LL 017UL 5LLL 5LU".split(
    " ",
  ),
  "- 1",
  "+ 1",
  "1 + 2",
  "1  <<  4",
  "' '",
];

/** What can stand around instructions and in them: numbers, blanks, comments, labels, case, data. `@` makes names of labels unique. */
function syntax() {
  const list = [];
  const around = [
    "r1 = N",
    "w3 s>>= N",
    "r1 = N ll",
    "if w1 s< N goto +1",
    "*(u64 *)(r1 + 8) = N",
    "r0 = *(u8 *)skb[N]",
    ".8byte N",
    ".long N, 0",
  ];
  for (const text of around) {
    // llvm-mc crashes on "1+ ll".
    for (const number of NUMBERS)
      if (number !== "1+" || !text.endsWith("ll")) list.push(text.replace("N", () => number));
  }
  for (const offset of [
    "+ 1+2",
    "- 5 + 2",
    "+ 'a'",
    "-1<<3",
    "+ 32768",
    "- 32769",
    "+ -1",
    "+ (1)",
    "+ ~1",
    "",
    "1",
    "+",
  ]) {
    list.push(`r1 = *(u32 *)(r2 ${offset})`, `*(u8 *)(r1 ${offset}) = w3`, `r1 = xchg_64(r2 ${offset}, r1)`);
  }
  for (const distance of ["1+2", "-1-1", "0x10", "32767", "32768", "-32769", "(1)", "'a'"]) {
    list.push(`goto ${distance}`, `if r1 > r2 goto ${distance}`, `may_goto ${distance}`);
  }
  for (const size of ["u8", "u16"]) {
    list.push(`lock *(${size} *)(r1 + 0) += r2`, `w1 = atomic_fetch_add((${size} *)(r2 + 0), w1)`);
  }
  for (const r of ["r", "w"]) for (const i of [0, 9, 10, 11, 12, 16]) list.push(`${r}${i} = 1`);
  // llvm-mc crashes where a name stands for a number, as r12 does.
  for (const r of ["r", "w"]) for (const i of [0, 9, 10, 11]) list.push(`${r}1 = ${r}${i}`);
  for (const operator of ["+=", "s>>=", "=", "==", "s<<="]) {
    list.push(`r1 ${operator} r2`, `r1${operator}r2`, `w1${operator}-5`, ` \tr1\t${operator}\t r2 `);
  }
  for (const operator of ["==", "s>", "s<=", "&", "s&"]) {
    list.push(`if r1${operator}r2 goto+1`, `if\tw1\t${operator}\t5\tgoto\t-1`);
  }
  list.push(
    "r1=*(u32*)(r2+4)",
    "r1 = * ( u32 * ) ( r2 + 4 )",
    "*( u8 * )( r1 - 4 )=w2",
    "lock*(u64*)(r1+0)+=r2",
    "r1 = ( s8 ) r2",
    "r1 =- r1",
    "exit;exit",
    ";;exit;;",
    "\n\nexit\n",
    "exit\r\nexit\r\n",
    "exit exit",
    "exit # a; exit",
    "exit // a ; exit\nexit",
    "exit /* a; */ ; /* b */ exit",
    "/* a\n b */ exit",
    "exit /* // */\nexit",
    "exit // /*\nexit",
    "/*/ exit",
    "r1 = '#' # '",
  );
  list.push(
    "a@: goto a@",
    "a@ : goto a@",
    "goto a@\na@:",
    "a@: b@: goto b@; goto a@",
    ".La@.b$c: goto .La@.b$c",
    "1: goto 1b",
    "1 : 1: goto 1b",
    "goto 1f\n1: exit",
    "1: goto 1f; 1: goto 1b; 1: goto 1b",
    "99: exit; if r1 > 5 goto 99b",
    "1: may_goto 1b",
    "0: gotol 0b",
    "01: goto 1b",
    "1: goto 01b; goto 001f; 1: exit",
    "goto 10f; 1: exit; 10: exit",
    "1: if w1 == w2 goto 1b; goto 1f; 1: exit",
    "call a@; a@: exit",
    "r1 = 1 ll; goto a@; r2 = 2 ll; a@: gotol a@",
    "1: goto 1B",
    "1: exit 2: exit",
    "A@: exit; goto A@",
    "exit; W1 = 5",
  );
  list.push(
    ..."R1 = 2|W1 += 5|EXIT|Goto +1|CALL 5|MAY_GOTO +1|LOCK *(u64 *)(r1 + 0) += R2|r1 = *(u32 *)(R2 + 4)|r1 = -R1".split(
      "|",
    ),
    ..."r1 = *(U32 *)(r2 + 4)|r1 = BE16 r1|r1 = (S8)r2|r1 = 5 LL|if r1 > 5 GOTO +1|r1 = XCHG_64(r2 + 0, r1)".split("|"),
  );
  list.push(
    ".byte 1,2,3,4,5,6,7,8",
    ".byte 0xe5; .byte 0; .short -1; .long 0",
    ".2byte 1,2,3,4",
    ".value 1,2,3,4",
    ".4byte 1; .int 2",
    ".8byte 1,2",
    ".quad -1",
    ".byte -128,255,-1,0,'a',0,0,0",
    ".byte 256",
    ".byte -129",
    ".long 4294967296",
    ".8byte 18446744073709551616",
    ".8byte ,",
    ".8byte 1 2",
    ".hword 1",
    "a@: .8byte 5; goto a@",
    ".QUAD 0x95; exit",
  );
  return list;
}

/** Slots of all opcodes with fields that programs don't have, from a fixed seed. */
function slots() {
  let state = 1;
  const random = (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const pick = (list) => list[random(list.length)];
  const list = [];
  for (let code = 0; code < 256; code++) {
    if (code === 0x18) continue;
    const known = (code & 7) > 3 || [0x20, 0x40, 0x60, 0x80, 0xc0].includes(code & 0xe0);
    for (let i = 0; i < (known ? 5 : 1); i++) {
      const atomic = (code & 0xe7) === 0xc3;
      const off = pick([0, 0, 1, 8, 16, 32, 0xffff, 0x8000, random(65536)]);
      let imm = pick([0, 0, 1, 16, 32, 64, 0xffffffff, 0x80000000, random(2 ** 32)]);
      if (atomic) imm = pick([0, 0x41, 0x50, 0xa1, 0xe1, 0xf1, 0xe0, 5, 0x10, 0x800000a0]);
      const regs = i === 0 ? 0x21 : random(256);
      list.push([code, regs, off & 255, off >> 8, imm & 255, (imm >> 8) & 255, (imm >> 16) & 255, imm >>> 24]);
    }
  }
  return list;
}

const C = `
typedef unsigned long long u64; typedef unsigned int u32; typedef unsigned char u8;
static __attribute__((noinline)) u64 mix(u64 a, u64 b) { return (a ^ (b >> 7)) * 0x9e3779b97f4a7c15ull; }
int collatz(u64 *p) { int n = 0; for (u64 x = *p; x != 1 && n < 1000; n++) x = x & 1 ? 3 * x + 1 : x / 2; return n; }
long sum(int *p, int n) { long s = 0; for (int i = 0; i < n; i++) s += p[i]; return s; }
u32 hash(u8 *p, u32 n) { u32 h = 2166136261u; for (u32 i = 0; i < n; i++) h = (h ^ p[i]) * 16777619u; return h; }
#ifdef V4
int sdiv(int a, int b, short *c, signed char *d) { return a / b + a % (b | 1) + *c - *d; }
#endif
u64 atomics(u64 *p, u32 *q) { return __sync_fetch_and_add(p, 3) + __sync_lock_test_and_set(q, 5) + __sync_val_compare_and_swap(p, 1, 2) + __sync_fetch_and_xor(q, 1); }
u64 swap(u64 a, u32 b, unsigned short c) { return __builtin_bswap64(a) ^ __builtin_bswap32(b) ^ __builtin_bswap16(c); }
u64 sw(u32 a, u64 *p) { switch (a) { case 0: return *p; case 1: return mix(a, *p); case 7: p[3] = 9; return 4; case 9: return -1; default: return mix(*p, 5); } }
`;

/** @param {string} text @param {string} dir */
function object(text, dir) {
  const source = join(dir, "f.s");
  const out = join(dir, "f.o");
  writeFileSync(source, text);
  execFileSync(tool("llvm-mc"), ["-triple", "bpfel", "-mcpu=v4", "-filetype=obj", "-o", out, source]);
  return out;
}

/** Assembles each text in a section of its own. */
function sections(dir, triple, list) {
  const file = join(dir, "s.s");
  const out = join(dir, "s.o");
  writeFileSync(file, list.map((text, i) => `.section s${i},"ax"\n${text.replaceAll("@", `${i}`)}\n`).join(""));
  const { stderr } = spawnSync(tool("llvm-mc"), ["-triple", triple, "-mcpu=v4", "-filetype=obj", "-o", out, file], {
    encoding: "utf8",
  });
  return { out, stderr, lines: readFileSync(file, "utf8").split("\n") };
}

/** The bytes that each text has on its own, in both byte orders, or the line of it where it is refused. */
function assembleEach(dir, list) {
  const refused = new Map();
  for (;;) {
    // One that is refused can hide others: until there is none.
    const kept = list.filter((text) => !refused.has(text));
    const { stderr, lines } = sections(dir, "bpfel", kept);
    if (!stderr.includes("error:")) break;
    const before = refused.size;
    for (const [, at] of stderr.matchAll(/^\S+:(\d+):\d+: error: /gm)) {
      let line = Number(at) - 1;
      while (!lines[line].startsWith(".section s")) line--;
      const text = kept[Number(/\d+/.exec(lines[line])[0])];
      if (!refused.has(text)) refused.set(text, Number(at) - 1 - line);
    }
    if (refused.size === before) throw new Error(stderr);
  }
  const kept = list.filter((text) => !refused.has(text));
  const bytes = ["bpfel", "bpfeb"].map((triple) => {
    const { out, stderr } = sections(dir, triple, kept);
    if (stderr !== "") throw new Error(stderr);
    const options = kept.flatMap((_, i) => ["--dump-section", `s${i}=${join(dir, `s${i}.bin`)}`]);
    execFileSync(tool("llvm-objcopy"), [...options, out, join(dir, "copy.o")]);
    return kept.map((_, i) => readFileSync(join(dir, `s${i}.bin`)).toString("hex"));
  });
  return list.map((text) => {
    const i = kept.indexOf(text);
    const name = JSON.stringify(text);
    return i < 0 ? `!${refused.get(text)}\t\t${name}` : `${bytes[0][i]}\t${bytes[1][i]}\t${name}`;
  });
}

/** Pairs of bytes and text. */
function disassemble(file, ...options) {
  const text = execFileSync(tool("llvm-objdump"), ["-d", "-z", ...options, file], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const rows = [];
  for (const line of text.split("\n")) {
    const found = /^\s*\d+:\s((?:[0-9a-f]{2} )*[0-9a-f]{2})\t(.*)$/.exec(line);
    if (found !== null) rows.push([found[1].replaceAll(" ", ""), found[2].replace(/ <f(?:\+0x[0-9a-f]+)?>$/, "")]);
  }
  return rows;
}

/** The whole fixture. */
function generate() {
  const dir = mkdtempSync(join(tmpdir(), "isa-"));
  try {
    const lines = ["== statements"];
    const table = (text, sources) => {
      const file = object(text, dir);
      const v4 = disassemble(file, "--mcpu=v4");
      const plain = disassemble(file);
      if (v4.length !== plain.length || (sources && v4.length !== sources.length)) throw new Error("rows got lost");
      for (const [i, [hex, out]] of v4.entries()) {
        if (plain[i][0] !== hex) throw new Error("rows differ");
        const fields = [hex, out, plain[i][1], sources?.[i] ?? ""];
        lines.push(fields.map((field) => field.replaceAll("\t", "\\t")).join("\t"));
      }
    };
    const sources = statements();
    // A number may follow the mnemonic directly or be a distance: no label is needed.
    table(`f:\n${sources.join("\n")}\n`, sources);
    lines.push("== slots");
    table(
      `f:\n${slots()
        .map((bytes) => `.byte ${bytes.join(",")}\n`)
        .join("")}`,
    );

    lines.push("== syntax", ...assembleEach(dir, [...new Set(syntax())]));

    const source = join(dir, "c.c");
    writeFileSync(source, C);
    for (const cpu of ["v3", "v4"]) {
      const flags = [
        "--target=bpf",
        "-O2",
        `-mcpu=${cpu}`,
        `-D${cpu.toUpperCase()}`,
        "-fno-ident",
        "-fno-addrsig",
        "-fno-asynchronous-unwind-tables",
      ];
      const out = join(dir, "c.o");
      execFileSync(tool("clang"), [...flags, "-c", source, "-o", out]);
      const text = execFileSync(tool("clang"), [...flags, "-S", source, "-o", "-"], { encoding: "utf8" });
      execFileSync(tool("llvm-objcopy"), ["-O", "binary", "--only-section=.text", out, `${out}.bin`]);
      const kept = text
        .split("\n")
        .map((line) => line.replace(/\s*#.*$/, "").trim())
        .filter((line) => line !== "" && (!line.startsWith(".") || line.endsWith(":")));
      lines.push(
        `== clang ${cpu}`,
        readFileSync(`${out}.bin`).toString("hex"),
        ...kept.map((l) => l.replaceAll("\t", " ")),
      );
    }
    return `${lines.join("\n")}\n`;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

process.stdout.write(generate());

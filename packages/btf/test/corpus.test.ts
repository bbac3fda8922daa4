/// <reference types="node" />
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { Btf, BtfBuilder, codecFor, renderC, renderTypeScript, validateBtf } from "../src/index.ts";
import { checkC, hasClang } from "./fixtures/clang.ts";

/** A folder with the BTF of many programs, and of a kernel, that is no part of the repository. */
const corpus = process.env["BPF_TS_CORPUS"];
const why = corpus === undefined ? " (skipped: BPF_TS_CORPUS is not set)" : "";
const bpftool = ["bpftool", "/usr/sbin/bpftool"].find((tool) => spawnSync(tool, ["version"]).status === 0);

const unpack = (file: string): Uint8Array => new Uint8Array(gunzipSync(readFileSync(file)));

describe.skipIf(corpus === undefined)(`the corpus${why}`, () => {
  const folder = join(corpus ?? "", "btf");
  const names = corpus === undefined ? [] : readdirSync(folder).filter((name) => name.endsWith(".gz"));

  test("programs' BTF: accepted, read, written, and the same again", () => {
    expect(names.length).toBeGreaterThan(100);
    let types = 0;
    for (const name of names) {
      const bytes = unpack(join(folder, name));
      expect(validateBtf(bytes), name).toEqual({ ok: true, log: "" });
      const btf = Btf.parse(bytes);
      const builder = new BtfBuilder();
      builder.addAll(btf);
      const again = Btf.parse(builder.encode());
      expect([...again.types()], name).toEqual([...btf.types()]);
      expect(BtfBuilder.from(btf).encode(), name).toEqual(bytes);
      types += btf.typeCount - 1;
      renderC(btf);
      renderTypeScript(btf);
    }
    console.log(`btf: ${names.length} programs' BTF with ${types} types accepted and written back unchanged`);
  });

  describe("Linux's own", () => {
    const bytes = corpus === undefined ? new Uint8Array(0) : unpack(join(corpus, "vmlinux.btf.gz"));
    const work = mkdtempSync(join(tmpdir(), "btf-corpus-"));
    afterAll(() => rmSync(work, { recursive: true }));
    const open = (): Btf => Btf.parse(bytes);

    test("facts about it", () => {
      const btf = open();
      expect(btf.typeCount).toBe(126_573);
      const task = btf.findByName("task_struct", "struct")!;
      expect(btf.sizeOf(task)).toBe(3264);
      expect(btf.type(task)).toMatchObject({ name: "task_struct", members: { length: 248 } });
      expect(btf.memberPath(task, "comm").offset).toBe(1752);
      expect(btf.memberPath("task_struct", "mm.pgd").derefs).toEqual([1136]);
      expect(btf.resolve(btf.memberPath(task, "pid").type)).toBe(btf.findByName("int", "int"));
      expect(validateBtf(bytes)).toEqual({ ok: true, log: "" });
    });

    test.skipIf(bpftool === undefined)(
      `bpftool says the same of every type${bpftool ? "" : " (skipped: no bpftool)"}`,
      () => {
        const file = join(work, "vmlinux");
        writeFileSync(file, bytes);
        const text = spawnSync(bpftool!, ["btf", "dump", "file", file], {
          maxBuffer: 1 << 28,
          encoding: "utf8",
        }).stdout;
        const btf = open();
        let compared = 0;
        let id = 0;
        let member = 0;
        const wrong: unknown[] = [];
        const compare = (line: string, ours: readonly unknown[], theirs: readonly unknown[]): void => {
          compared++;
          if (ours.some((value, i) => value !== theirs[i])) wrong.push({ line, ours });
        };
        for (const line of text.split("\n")) {
          const type = /^\[(\d+)\] (\w+) '(.*?)'(?: size=(\d+))?/.exec(line);
          if (type !== null) {
            id = Number(type[1]);
            member = 0;
            const size = type[4] === undefined ? undefined : btf.sizeOf(id);
            const ours = [btf.kindOf(id).toUpperCase(), btf.nameOf(id) || "(anon)", size];
            compare(line, ours, [type[2], type[3], type[4] === undefined ? undefined : Number(type[4])]);
            continue;
          }
          const field = /^\t'(.*)' type_id=(\d+) bits_offset=(\d+)(?: bitfield_size=(\d+))?$/.exec(line);
          if (field === null) continue;
          const ours = [
            btf.memberNameOf(id, member) || "(anon)",
            btf.memberTypeOf(id, member),
            btf.memberBitOffsetOf(id, member),
            btf.memberBitfieldSizeOf(id, member),
          ];
          compare(line, ours, [field[1], Number(field[2]), Number(field[3]), Number(field[4] ?? 0)]);
          member++;
        }
        expect(wrong).toEqual([]);
        expect(id).toBe(btf.typeCount - 1);
        console.log(`btf: ${compared} types and members of Linux's BTF are as bpftool prints them`);
      },
    );

    test.skipIf(!hasClang())(
      `clang lays out the C header as it says${hasClang() ? "" : " (skipped: no clang-19)"}`,
      () => {
        const btf = open();
        const lines = [renderC(btf, { preserveAccessIndex: false })];
        const seen = new Set<string>();
        let count = 0;
        for (const type of btf.types()) {
          if ((type.kind !== "struct" && type.kind !== "union") || type.name === "" || seen.has(type.name)) continue;
          // A second tag of the same name has another one in C.
          seen.add(type.name);
          if (btf.findAll(type.name, ["struct", "union", "enum", "enum64"]).length > 1) continue;
          const name = `${type.kind} ${type.name}`;
          lines.push(`_Static_assert(sizeof(${name}) == ${type.size}, "${name}");`);
          for (const m of type.members.filter((each) => each.name !== "" && each.bitfieldSize === 0))
            lines.push(
              `_Static_assert(__builtin_offsetof(${name}, ${m.name}) == ${m.bitOffset / 8}, "${name}.${m.name}");`,
            );
          count += 1 + type.members.length;
        }
        expect(checkC(lines.join("\n"))).toBe("");
        console.log(`btf: ${count} sizes and offsets of Linux's types hold in the C header, says clang`);
      },
    );

    test("every struct's values can be decoded and encoded", () => {
      const btf = open();
      let count = 0;
      const wrong: string[] = [];
      for (const type of btf.types()) {
        if (type.kind !== "struct" || type.name === "" || type.size > 4096) continue;
        let codec: ReturnType<typeof codecFor>;
        try {
          codec = codecFor(btf, type.id);
        } catch (error) {
          // Flexible arrays of forward-declared structs, and the like.
          expect(String(error)).toMatch(/has no (values|size)|unsupported/);
          continue;
        }
        const zeros = new Uint8Array(type.size);
        if (codec.toBytes(codec.decode(zeros)).some((byte) => byte !== 0)) wrong.push(type.name);
        count++;
      }
      expect(wrong).toEqual([]);
      expect(count).toBeGreaterThan(9000);
      console.log(`btf: values of ${count} structs of Linux go through their codecs`);
    });

    test("merged with itself it is itself", () => {
      const btf = open();
      const builder = new BtfBuilder();
      builder.addAll(btf);
      builder.addAll(btf);
      builder.dedup();
      const fixed = [...btf.types()].filter((t) => t.kind === "var" || t.kind === "datasec").length;
      expect(builder.typeCount).toBe(btf.typeCount + fixed);
    });
  });
});

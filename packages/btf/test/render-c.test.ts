/// <reference types="node" />
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Btf, BtfBuilder, BtfError, cDeclaration, renderC } from "../src/index.ts";
import { compileToBtf, hasClang } from "./fixtures/clang.ts";
import { BTF_BASE64 as KINDS } from "./fixtures/kinds.ts";
import { BTF_BASE64 as LAYOUT } from "./fixtures/layout.ts";
import { fromBase64 } from "./fixtures/load.ts";

const kinds = Btf.parse(fromBase64(KINDS));
const layout = Btf.parse(fromBase64(LAYOUT));

/** All structs and unions with a name: sizes, and the named places in them, anonymous ones looked through. */
function places(btf: Btf): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  const members = (id: number, base: number, prefix: string): string[] => {
    const type = btf.type(id);
    if (type.kind !== "struct" && type.kind !== "union") return [];
    return type.members.flatMap((m) => {
      const inner = btf.resolve(m.type);
      const at = base + m.bitOffset;
      if (m.name === "") return members(inner, at, prefix);
      if (m.name === "__padding") return [];
      const own = `${prefix}${m.name} ${at} ${m.bitfieldSize} ${btf.sizeOf(m.type)}`;
      return btf.nameOf(inner) === "" ? [own, ...members(inner, at, `${prefix}${m.name}.`)] : [own];
    });
  };
  for (const type of btf.types())
    if ((type.kind === "struct" || type.kind === "union") && type.name !== "")
      found[`${type.kind} ${type.name}`] = [type.size, ...members(type.id, 0, "")];
  return found;
}

/** The header, and a variable for each struct so that the compiler keeps it. */
function withUses(btf: Btf, header: string): string {
  const uses = Object.keys(places(btf)).map((name, i) => `${name} *use_${i};\n`);
  return header + uses.join("");
}

test("the fixture as a header", () => {
  expect(renderC(kinds, { roots: [29, 65, 68, 70, 77, 20], preserveAccessIndex: false, guard: "KINDS_H" })).toBe(
    `#ifndef KINDS_H
#define KINDS_H

typedef unsigned char u8;

typedef unsigned short u16;

typedef unsigned int u32;

typedef unsigned long long u64;

struct node;

typedef _Bool flag_t;

struct outer {
	u8 kind;
	union {
		struct {
			u16 low;
			u16 high;
		};
		u32 both;
	};
	struct {
		u64 inner;
	} named;
	char text[16];
	u32 matrix[2][3];
	const volatile u64 * restrict where;
	int (*compare)(const struct node *, const struct node *);
	void (*print)(const char *, ...);
	flag_t on;
	float ratio;
	double exact;
	int tail[0];
};

enum color {
	RED = 0,
	GREEN = 5,
	BLUE = 4294967280,
};

struct bits {
	u32 a: 3;
	u32 b: 7;
	int c: 12;
	char: 2;
	char: 8;
	int: 32;
	u64 d: 40;
	enum color shade: 4;
	u8 plain;
};

struct tight {
	u8 first;
	u32 second;
	u16 third;
} __attribute__((packed));

struct tagged {
	int __attribute__((btf_type_tag("user"))) *address;
	u8 __attribute__((btf_type_tag("rcu"))) __attribute__((btf_type_tag("percpu"))) *twice;
};

typedef int (*callback_t)(u64, void *);

enum balance {
	DEBT = -7,
	EVEN = 0,
	RICH = 7,
};

#endif /* KINDS_H */
`,
  );
});

test("preserve_access_index is put around, unless it is not wanted", () => {
  const [before, after] = renderC(kinds, { roots: [68] }).split(/typedef[\s\S]*packed\)\);\n/);
  expect(before).toBe(`#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
#endif

`);
  expect(after).toBe(`
#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif /* __VMLINUX_H__ */
`);
  expect(renderC(kinds, { roots: [68], guard: "", preserveAccessIndex: false })).toMatch(/^typedef[^#]*$/);
});

test("single declarations", () => {
  const type = (struct: string, member: string): number => layout.memberPath(struct, member).type;
  expect(cDeclaration(layout, type("pointers", "strings"), "x")).toBe("const char * const *x");
  expect(cDeclaration(layout, type("pointers", "strings"))).toBe("const char * const *");
  expect(cDeclaration(layout, type("later", "nested"), "x")).toBe("int (*(*x)(int))[3]");
  expect(cDeclaration(layout, type("later", "returns"), "x")).toBe("struct later (*x)(void)");
  expect(cDeclaration(layout, type("arrays", "e"), "x")).toBe("int (*x[2])(int, struct holes)");
  expect(cDeclaration(layout, type("typedefs", "c"), "x")).toBe("const volatile nameless_t *x");
  expect(cDeclaration(layout, type("doubles", "b"))).toBe("double");
  expect(cDeclaration(kinds, 0)).toBe("void");
});

describe("names", () => {
  test("types of the same name are told apart, forward declarations find their definition", () => {
    const b = new BtfBuilder();
    const int = b.addInt("int", 4, { signed: true });
    const fwd = b.addFwd("twin", "struct");
    const first = b.addFields("struct", "twin", [{ name: "a", type: int }]);
    const second = b.addFields("struct", "twin", [{ name: "b", type: int }]);
    b.addFields("struct", "holder", [
      { name: "p", type: b.addPtr(fwd) },
      { name: "q", type: b.addPtr(first) },
      { name: "r", type: b.addPtr(second) },
    ]);
    b.addEnum("one", [{ name: "SAME", value: 1 }]);
    b.addEnum("two", [{ name: "SAME", value: 2 }]);
    b.addTypedef("t", int);
    b.addTypedef("t", b.addPtr(int));
    expect(renderC(b.toBtf(), { guard: "", preserveAccessIndex: false })).toBe(`struct twin;

struct twin {
	int a;
};

struct twin___2 {
	int b;
};

struct holder {
	struct twin *p;
	struct twin *q;
	struct twin___2 *r;
};

enum one {
	SAME = 1,
};

enum two {
	SAME___2 = 2,
};

typedef int t;

typedef int *t___2;

`);
  });

  test("an anonymous enum is written once; its second user gets the integer", () => {
    const b = new BtfBuilder();
    const values = b.addEnum("", [{ name: "A", value: 0 }]);
    b.addFields("struct", "s", [
      { name: "x", type: values },
      { name: "y", type: values },
    ]);
    b.addEnum("", [{ name: "B", value: -1 }]);
    expect(renderC(b.toBtf(), { guard: "", preserveAccessIndex: false })).toBe(`struct s {
	enum {
		A = 0,
	} x;
	unsigned int y;
};

enum {
	B = -1,
};

`);
  });

  test("what C does not allow in names", () => {
    const b = new BtfBuilder();
    const int = b.addInt("int", 4, { signed: true });
    b.addFields("struct", "a.b", [
      { name: "default", type: int },
      { name: "x.y", type: int },
    ]);
    b.addTypedef("__builtin_va_list", int);
    expect(renderC(b.toBtf(), { guard: "", preserveAccessIndex: false })).toBe(`struct a_b {
	int default_;
	int x_y;
};

typedef int __builtin_va_list___2;

`);
  });
});

describe("what C cannot say is refused", () => {
  const struct = (b: BtfBuilder, size: number, ...offsets: number[]): number => {
    const int = b.addInt("int", 4);
    return b.addStruct(
      "s",
      size,
      offsets.map((bitOffset, i) => ({ name: `m${i}`, type: int, bitOffset, bitfieldSize: 0 })),
    );
  };
  test.each<[string, (b: BtfBuilder) => unknown]>([
    ["overlaps the one before", (b) => struct(b, 8, 0, 16)],
    ["has members up to bit 64", (b) => struct(b, 4, 0, 32)],
    ["more than 200000 members and fillers", (b) => b.addStruct("s", 0xffffffff, [])],
    [
      "contains itself",
      (b) => {
        const id = b.reserve();
        b.define(id, {
          kind: "struct",
          name: "s",
          size: 4,
          members: [{ name: "m", type: id, bitOffset: 0, bitfieldSize: 0 }],
        });
      },
    ],
    [
      "levels",
      (b) => {
        let at = b.addInt("int", 4);
        for (let i = 0; i < 1200; i++)
          at = b.addStruct("", 4, [{ name: "m", type: at, bitOffset: 0, bitfieldSize: 0 }]);
        b.addStruct("top", 4, [{ name: "m", type: at, bitOffset: 0, bitfieldSize: 0 }]);
      },
    ],
    [
      "more than 1330 structs to write out",
      (b) => {
        let at = b.addStruct("", 0, []);
        for (let i = 0; i < 30; i++) {
          const member = { name: "m", type: at, bitOffset: 0, bitfieldSize: 0 };
          at = b.addStruct("", 0, [member, { ...member, name: "n" }]);
        }
        b.addStruct("top", 0, [{ name: "m", type: at, bitOffset: 0, bitfieldSize: 0 }]);
      },
    ],
  ])("%s", (message, build) => {
    const b = new BtfBuilder();
    build(b);
    const btf = b.toBtf();
    expect(() => renderC(btf)).toThrow(BtfError);
    expect(() => renderC(btf)).toThrow(message);
  });
});

describe.skipIf(!hasClang())(
  `clang lays out our header as the BTF says${hasClang() ? "" : " (skipped: no clang-19)"}`,
  () => {
    test.each([
      ["kinds", kinds],
      ["layout", layout],
    ])("%s", (_, btf) => {
      for (const preserveAccessIndex of [false, true]) {
        const source = withUses(btf, renderC(btf, { preserveAccessIndex }));
        const again = places(Btf.parse(compileToBtf(source)));
        expect(again).toEqual(places(btf));
        expect(Object.keys(again).length).toBeGreaterThan(3);
      }
    });
  },
);

/** Packed and over-aligned unions, what holds them, and enums of other sizes than an int: there bpftool's header does not say what the BTF does. */
const BPFTOOL_DIFFERS = ["union packed_union", "union wide_union", "struct holds_unions", "struct enums"];
const bpftool = ["bpftool", "/usr/sbin/bpftool"].find((path) => spawnSync(path, ["version"]).status === 0);
const missing = [...(hasClang() ? [] : ["no clang-19"]), ...(bpftool === undefined ? ["no bpftool"] : [])].join(", ");

describe.skipIf(missing !== "")(
  `layout is that of bpftool's header${missing === "" ? "" : ` (skipped: ${missing})`}`,
  () => {
    test.each([
      ["kinds", KINDS, []],
      ["layout", LAYOUT, BPFTOOL_DIFFERS],
    ])("%s", (name, base64, differs) => {
      const bytes = fromBase64(base64);
      const btf = Btf.parse(bytes);
      const folder = mkdtempSync(join(tmpdir(), "btf-header-"));
      let header: string;
      try {
        writeFileSync(join(folder, name), bytes);
        const args = ["btf", "dump", "file", join(folder, name), "format", "c"];
        header = execFileSync(bpftool!, args, { encoding: "utf8" });
      } finally {
        rmSync(folder, { recursive: true });
      }
      const theirs = places(Btf.parse(compileToBtf(withUses(btf, header))));
      const ours = places(Btf.parse(compileToBtf(withUses(btf, renderC(btf)))));
      const names = Object.keys(ours);
      expect(names).toEqual(Object.keys(theirs));
      const wrong = names.filter((each) => JSON.stringify(ours[each]) !== JSON.stringify(theirs[each]));
      expect(wrong.filter((each) => !differs.includes(each))).toEqual([]);
      for (const each of wrong) expect(ours[each]).toEqual(places(btf)[each]);
      console.log(`btf: ${names.length - wrong.length} structs of ${name} laid out as by bpftool's header`);
    });
  },
);

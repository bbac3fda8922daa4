/// <reference types="node" />
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readBtfEnums } from "../scripts/btf-enums.mjs";
import * as attachTypes from "../src/generated/attach-types.ts";
import * as commands from "../src/generated/commands.ts";
import * as contextValues from "../src/generated/context-values.ts";
import * as helperFlags from "../src/generated/helper-flags.ts";
import * as helperIds from "../src/generated/helper-ids.ts";
import * as linkTypes from "../src/generated/link-types.ts";
import * as mapFlags from "../src/generated/map-flags.ts";
import * as mapTypes from "../src/generated/map-types.ts";
import * as objectInfo from "../src/generated/object-info.ts";
import * as progTypes from "../src/generated/prog-types.ts";
import * as returnCodes from "../src/generated/return-codes.ts";

const PATH = "/sys/kernel/btf/vmlinux";
const skip = !existsSync(PATH) ? `no ${PATH}` : !release().startsWith("6.18.") ? `kernel ${release()} is not 6.18` : "";

/** Members of the modules that no enum of the kernel has: limits, macros, and enums that only programs use. */
const OWN = new Set([
  "BPF_DEVCG_ACC_MKNOD",
  "BPF_DEVCG_ACC_READ",
  "BPF_DEVCG_ACC_WRITE",
  "BPF_DEVCG_DEV_BLOCK",
  "BPF_DEVCG_DEV_CHAR",
  "BPF_OBJ_NAME_LEN",
  "BPF_TAG_SIZE",
  "BPF_BUILD_ID_SIZE",
  "MAX_BPF_PROG_TYPE",
  "MAX_BPF_ATTACH_TYPE",
  "MAX_BPF_MAP_TYPE",
  "MAX_BPF_LINK_TYPE",
  "MAX_BPF_CMD",
  "BPF_FUNC_MAX_ID",
]);

describe.skipIf(skip !== "")(`the running 6.18 kernel's BTF${skip === "" ? "" : ` (skipped: ${skip})`}`, () => {
  const enums = skip === "" ? readBtfEnums(readFileSync(PATH)) : [];
  const values = new Map(enums.flatMap((e) => e.members.map(([name, value]) => [name, value] as const)));

  it.each([
    ["attach-types", attachTypes],
    ["commands", commands],
    ["context-values", contextValues],
    ["helper-flags", helperFlags],
    ["helper-ids", helperIds],
    ["link-types", linkTypes],
    ["map-flags", mapFlags],
    ["map-types", mapTypes],
    ["object-info", objectInfo],
    ["prog-types", progTypes],
    ["return-codes", returnCodes],
  ] as const)("agrees with every number of %s", (_, module) => {
    const wrong = Object.entries(module).filter(
      ([name, value]) => !OWN.has(name) && values.get(name) !== BigInt(value),
    );
    expect(wrong).toEqual([]);
  });

  it.each([
    ["bpf_attach_type", attachTypes, "MAX_BPF_ATTACH_TYPE", "__MAX_BPF_ATTACH_TYPE"],
    ["bpf_cmd", commands, "MAX_BPF_CMD", "__MAX_BPF_CMD"],
    ["bpf_func_id", helperIds, "BPF_FUNC_MAX_ID", "__BPF_FUNC_MAX_ID"],
    ["bpf_link_type", linkTypes, "MAX_BPF_LINK_TYPE", "__MAX_BPF_LINK_TYPE"],
    ["bpf_map_type", mapTypes, "MAX_BPF_MAP_TYPE", "__MAX_BPF_MAP_TYPE"],
    ["bpf_prog_type", progTypes, "MAX_BPF_PROG_TYPE", "__MAX_BPF_PROG_TYPE"],
  ] as const)("has no member of enum %s that is missing here", (name, module, limit, kernelLimit) => {
    const members = enums.find((e) => e.name === name)?.members.map(([member]) => member) ?? [];
    const missing = members.filter((member) => !member.startsWith("__") && !(member in module));
    expect(members.length).toBeGreaterThan(5);
    expect(missing).toEqual([]);
    expect(BigInt((module as Record<string, number>)[limit] ?? -1)).toBe(values.get(kernelLimit));
  });
});

it("the committed constants are what the script makes of a 6.18 kernel's BTF", (context) => {
  if (skip !== "") context.skip(skip);
  const folder = mkdtempSync(join(tmpdir(), "uapi-"));
  try {
    execFileSync(process.execPath, [fileURLToPath(new URL("../scripts/generate.mjs", import.meta.url)), PATH, folder]);
    const committed = new URL("../src/generated/", import.meta.url);
    const names = readdirSync(committed).sort();
    expect(readdirSync(folder).sort()).toEqual(names);
    for (const name of names)
      expect(readFileSync(join(folder, name), "utf8"), name).toBe(readFileSync(new URL(name, committed), "utf8"));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe("readBtfEnums", () => {
  it("reads a signed, an unsigned and a 64-bit enum", () => {
    const strings = "\0one\0A\0B\0C\0";
    const types = [
      // enum one { A = -2, B = 7 }, kind_flag set: signed
      [1, (0x80000000 | (6 << 24) | 2) >>> 0, 4, 5, 0xfffffffe, 7, 7],
      // int (skipped)
      [0, 1 << 24, 4, 32],
      // enum64 { C = 0x1_0000_0002 }
      [0, ((19 << 24) | 1) >>> 0, 8, 9, 2, 1],
    ].flat();
    const bytes = new Uint8Array(24 + types.length * 4 + strings.length);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, 0xeb9f, true);
    bytes[2] = 1;
    view.setUint32(4, 24, true);
    view.setUint32(12, types.length * 4, true);
    view.setUint32(16, types.length * 4, true);
    view.setUint32(20, strings.length, true);
    types.forEach((word, i) => {
      view.setUint32(24 + i * 4, word, true);
    });
    bytes.set(new TextEncoder().encode(strings), 24 + types.length * 4);
    expect(readBtfEnums(bytes)).toEqual([
      {
        name: "one",
        members: [
          ["A", -2n],
          ["B", 7n],
        ],
      },
      { name: "", members: [["C", 0x100000002n]] },
    ]);
  });

  it("refuses what is not BTF", () => {
    expect(() => readBtfEnums(new Uint8Array(24))).toThrow("not little-endian BTF");
  });
});

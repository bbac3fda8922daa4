import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Manifest } from "../../../../scripts/workspace.mjs";
import { readObject } from "../../src/objects.ts";
import { type Consumer, makeConsumer, run } from "./consumer.ts";
import { ROOT } from "./root.ts";

let consumer: Consumer;
beforeAll(() => {
  consumer = makeConsumer();
}, 300_000);
afterAll(() => {
  if (consumer !== undefined) rmSync(consumer.folder, { recursive: true, force: true });
});

/** What the packages are for: instructions, a verdict, a run, an object file whose map is traced. Compiled as a user compiles, and bundled. */
const CORE = `
import { Btf } from "@bpf-ts/btf";
import { encode } from "@bpf-ts/isa";
import { alu, exit } from "@bpf-ts/isa/build";
import { createKernel } from "@bpf-ts/kernel";
import { BPF_PROG_TYPE_XDP } from "@bpf-ts/uapi/prog-types";
import { XDP_PASS } from "@bpf-ts/uapi/return-codes";
import { defaultProfile, verify } from "@bpf-ts/verifier";
import { openObject } from "libbpf-ts";

export function returnsConstant(): number {
  const kernel = createKernel({ cpus: 1 });
  const insns: Uint8Array = encode([alu("r0", "=", XDP_PASS), exit()]);
  const { fd } = kernel.bpf.progLoad({ progType: BPF_PROG_TYPE_XDP, license: "GPL", insns });
  const { retval } = kernel.bpf.progTestRun(fd, { dataIn: new Uint8Array(64) });
  kernel.bpf.close(fd);
  kernel[Symbol.dispose]();
  return retval;
}

export function tracesMap(file: Uint8Array): string {
  const kernel = createKernel();
  const object = openObject(file).load(kernel.bpf);
  object.attach();
  const key = new Uint8Array([5, 0, 0, 0]);
  // The look-up fires the object's kprobe, which writes to the map, whose tracer writes the result.
  object.map("traced_map").get(key);
  const value = object.map("tracer_map").get(key);
  object.close();
  const live = kernel.describeLive();
  kernel[Symbol.dispose]();
  return JSON.stringify({ value, live });
}

export function refuses(): string {
  const kernel = createKernel();
  const verdict = verify(
    {
      progType: BPF_PROG_TYPE_XDP,
      expectedAttachType: 0,
      progFlags: 0,
      license: "GPL",
      name: "",
      insns: encode([exit()]),
      mapByFd: () => 9,
    },
    defaultProfile(Btf.parse(kernel.bpf.kernelBtf())),
  );
  kernel[Symbol.dispose]();
  return verdict.kind === "reject" ? verdict.message : verdict.kind;
}
`;

/** The packages that it does not name. */
const REST = `
import { MapTraceError } from "@bpf-ts/map-trace";
import { MapError } from "@bpf-ts/maps";
import { Memory } from "@bpf-ts/memory";
import { BpfError } from "@bpf-ts/uapi";
import { VmError } from "@bpf-ts/vm";

export const errors: readonly boolean[] = [MapTraceError, MapError, VmError].map((e) => e.prototype instanceof BpfError);
export const bytes: number = new Memory().liveBytes;
`;

describe("every published package, installed from its tarball", () => {
  it("holds what a user needs and nothing that only the workspace understands", () => {
    for (const { name } of consumer.packages) {
      const folder = join(consumer.folder, "node_modules", name);
      expect(readdirSync(folder).sort(), name).toEqual(["LICENSE", "README.md", "dist", "package.json", "src"]);
      const text = readFileSync(join(folder, "package.json"), "utf8");
      expect(text, name).not.toContain("workspace:");
      const manifest = JSON.parse(text) as Manifest & Record<string, unknown>;
      expect(manifest, name).toMatchObject({
        type: "module",
        sideEffects: false,
        license: "MIT",
        engines: { node: ">=20.19" },
      });
      for (const [subpath, target] of Object.entries(manifest.exports ?? {})) {
        for (const file of typeof target === "string" ? [target] : Object.values(target))
          expect(existsSync(join(folder, file)), `${name}${subpath.slice(1)}: ${file}`).toBe(true);
      }
    }
  });

  it("is imported by Node", () => {
    writeFileSync(
      join(consumer.folder, "import.js"),
      `const entries = ${JSON.stringify(consumer.entries)};
       for (const entry of entries) console.log(entry, Object.keys(await import(entry)).length);`,
    );
    const lines = run(consumer.folder, process.execPath, "import.js").trimEnd().split("\n");
    expect(lines.map((line) => line.split(" ")[0])).toEqual(consumer.entries);
    expect(lines.filter((line) => line.endsWith(" 0"))).toEqual([]);
  });

  it("brings the command line", () => {
    const help = run(consumer.folder, join(consumer.folder, "node_modules/.bin/bpf-ts"), "--help");
    for (const command of ["verify", "run", "disasm", "btf"])
      expect(help).toMatch(new RegExp(`^\\s+${command}\\b`, "m"));
  });

  it("has types without the DOM's or Node's", () => {
    const names = consumer.entries.map((entry, i) => ({ entry, local: `m${i}` }));
    writeFileSync(
      join(consumer.folder, "consumer.ts"),
      `${names.map(({ entry, local }) => `import * as ${local} from "${entry}";`).join("\n")}
       export const all: readonly object[] = [${names.map(({ local }) => local).join(", ")}];
       ${CORE}${REST}`,
    );
    writeFileSync(
      join(consumer.folder, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          exactOptionalPropertyTypes: true,
          skipLibCheck: false,
          target: "ES2022",
          lib: ["ES2023", "ESNext.Disposable"],
          module: "NodeNext",
          types: [],
          noEmit: true,
        },
        files: ["consumer.ts"],
      }),
    );
    expect(() =>
      run(consumer.folder, process.execPath, join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "."),
    ).not.toThrow();
  });
});

describe("isa, verifier, kernel and libbpf-ts in a browser", () => {
  it("need nothing of Node, and run a program and trace a map where there is only JavaScript", async () => {
    const folder = consumer.folder;
    const entry = join(folder, "browser.ts");
    writeFileSync(entry, CORE);
    const warnings: string[] = [];
    const bundle = await rolldown({
      cwd: folder,
      input: entry,
      platform: "browser",
      onLog: (level, log) => {
        if (level !== "info" && level !== "debug") warnings.push(log.message);
      },
    });
    let code: string;
    try {
      const { output } = await bundle.generate({ format: "iife", name: "bundle", minify: true });
      expect(output).toHaveLength(1);
      expect(output[0].imports).toEqual([]);
      code = output[0].code;
    } finally {
      await bundle.close();
    }
    // A built-in that is not there is a warning of the bundler: left to the host.
    expect(warnings).toEqual([]);
    expect(code).not.toMatch(/\b(require\(|node:[a-z]+["'])/);

    const context = createContext({ TextDecoder, TextEncoder, object: [...readObject("bpf_map_trace_update_elem")] });
    expect(runInContext("typeof process + typeof require + typeof WebAssembly", context)).toBe(
      "undefinedundefinedobject",
    );
    runInContext(code.replace(/^(var|let|const) /, "var "), context);
    expect(runInContext("bundle.returnsConstant()", context)).toBe(2);
    // collatz(0xdeadbeef), little-endian.
    expect(runInContext("bundle.tracesMap(Uint8Array.from(object))", context)).toBe(
      '{"value":{"0":206,"1":60,"2":9,"3":156},"live":[]}',
    );
    expect(runInContext("bundle.refuses()", context)).toBe("R0 !read_ok");
    console.log(`browser bundle of isa, verifier, kernel and libbpf-ts: ${code.length} bytes minified`);
  });
});

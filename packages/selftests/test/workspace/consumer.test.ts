import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Manifest, publicPackages } from "../../../../scripts/workspace.mjs";
import { readObject } from "../../src/objects.ts";
import { type Consumer, makeConsumer, run } from "./consumer.ts";
import { examplesOf, nameOf, readmeFiles } from "./examples.ts";
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

/** What the compiler says about files of the consumer, with a user's strict settings. */
function typeErrors(config: string, options: object, files: readonly string[]): string {
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    target: "ES2022",
    lib: ["ES2023", "ESNext.Disposable"],
    module: "NodeNext",
    noEmit: true,
    ...options,
  };
  writeFileSync(join(consumer.folder, config), JSON.stringify({ compilerOptions, files }));
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  return spawnSync(process.execPath, [tsc, "-p", config], { cwd: consumer.folder, encoding: "utf8" }).stdout;
}

describe("every published package, installed from its tarball", () => {
  it("holds what a user needs and nothing that only the workspace understands", () => {
    for (const { name } of consumer.packages) {
      const folder = join(consumer.folder, "node_modules", name);
      const text = readFileSync(join(folder, "package.json"), "utf8");
      expect(text, name).not.toContain("workspace:");
      const manifest = JSON.parse(text) as Manifest & Record<string, unknown>;
      const command = manifest.bin === undefined ? [] : ["bin"];
      const files = ["LICENSE", "README.md", ...command, "dist", "package.json", "src"];
      expect(readdirSync(folder).sort(), name).toEqual(files);
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

  const MAIN = "node_modules/bpf-ts/dist/main.js";
  /** [arguments, exit code, what its output must hold]. Objects are named without their ending. */
  const COMMANDS: readonly (readonly [args: string, code: number, text: string])[] = [
    ["--version", 0, publicPackages(ROOT).find(({ name }) => name === "bpf-ts")!.manifest.version],
    ["verify loader_calls.o", 0, "uses_all      success"],
    ["verify refused.o", 1, "program load failed: EACCES (13): R5 !read_ok"],
    ["verify loader_core.o", 3, "unsupported: CO-RE relocations"],
    ["verify cut.o", 2, "cut.o: section table: bytes"],
    ["verify missing.o", 2, "cannot read missing.o: no such file"],
    ["verify .", 2, "cannot read .: it is a directory"],
    ["run loader_calls.o -p uses_one --data 4141414141414141414141414141", 0, "Return value: "],
    ["disasm loader_calls.o", 0, "exit"],
    ["btf dump loader_calls.o", 0, "[1] INT 'int'"],
    ["map diff loader_calls.o loader_calls.o", 0, "reusable"],
    ["verify --nothing", 2, "unknown option '--nothing'"],
  ];

  it("brings a command line with exit codes that can be relied on", () => {
    const write = (name: string, bytes: Uint8Array): void => writeFileSync(join(consumer.folder, name), bytes);
    for (const name of ["loader_calls", "loader_core"]) write(`${name}.o`, readObject(name));
    // `w1 = 5` becomes `w1 = w5`.
    const refused = Buffer.from(readObject("loader_calls"));
    refused.set([0xbc, 0x51, 0, 0, 0, 0, 0, 0], refused.indexOf(Buffer.from("b401000005000000", "hex")));
    write("refused.o", refused);
    write("cut.o", readObject("loader_calls").subarray(0, 1000));
    for (const [args, code, text] of COMMANDS) {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [join(consumer.folder, MAIN), ...args.split(" ")],
        {
          cwd: consumer.folder,
          encoding: "utf8",
        },
      );
      expect([status, stdout + stderr], args).toEqual([code, expect.stringContaining(text)]);
    }
  });

  it("ends quietly when its reader leaves", async () => {
    const child = spawn(process.execPath, [join(consumer.folder, MAIN), "verify", "--batch"]);
    let said = "";
    child.stderr.on("data", (data) => (said += String(data)));
    child.stdin.on("error", () => {});
    child.stdin.end("no row\n".repeat(100_000));
    child.stdout.once("data", () => child.stdout.destroy());
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect([status, said]).toEqual([0, ""]);
  });

  it.skipIf(!existsSync("/dev/full"))(
    `says when there is no space left${existsSync("/dev/full") ? "" : " (skipped: there is no /dev/full)"}`,
    () => {
      const full = openSync("/dev/full", "w");
      const { status, stderr } = spawnSync(process.execPath, [join(consumer.folder, MAIN), "--help"], {
        stdio: ["ignore", full, "pipe"],
        encoding: "utf8",
      });
      closeSync(full);
      expect([status, stderr]).toEqual([2, "error: cannot write standard output: no space left on the device\n"]);
    },
  );

  it("has types without the DOM's or Node's", () => {
    const names = consumer.entries.map((entry, i) => ({ entry, local: `m${i}` }));
    writeFileSync(
      join(consumer.folder, "consumer.ts"),
      `${names.map(({ entry, local }) => `import * as ${local} from "${entry}";`).join("\n")}
       export const all: readonly object[] = [${names.map(({ local }) => local).join(", ")}];
       ${CORE}${REST}`,
    );
    expect(typeErrors("tsconfig.json", { types: [], skipLibCheck: false }, ["consumer.ts"])).toBe("");
  });

  it("makes the READMEs' examples type-check", () => {
    const files = readmeFiles()
      .flatMap(examplesOf)
      .map((example) => {
        const file = `${nameOf(example)}.ts`;
        writeFileSync(join(consumer.folder, file), example.code);
        return file;
      });
    expect(files.length).toBeGreaterThan(consumer.packages.length / 2);
    const options = {
      lib: ["ES2023", "ESNext.Disposable", "DOM"],
      types: ["node"],
      typeRoots: [join(ROOT, "node_modules/@types")],
      noUnusedLocals: true,
      moduleDetection: "force",
    };
    expect(typeErrors("examples.json", options, files)).toBe("");
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

import { expect, test } from "vitest";
import { MAP_DIFF_USAGE } from "../src/commands/map-diff.ts";
import { runCli } from "../src/index.ts";
import { chunks, cli } from "./memory-io.ts";

test("help names the commands and the exit codes", async () => {
  const { code, out, err } = await cli(["--help"]);
  expect([code, err]).toEqual([0, ""]);
  for (const text of [
    "verify [options] [OBJ]",
    "run [options] <OBJ>",
    "disasm [options] <OBJ>",
    "btf",
    "Exit codes: 0 fine",
  ])
    expect(out).toContain(text);
  expect((await cli(["verify", "--help"])).out).toContain("--kernel-btf <FILE>");
  expect((await cli(["btf", "dump", "--help"])).code).toBe(0);
  const diff = await cli(["map", "diff", "--help"]);
  expect([diff.code, diff.out]).toEqual([0, MAP_DIFF_USAGE]);
});

test("the version is the package's", async () => {
  for (const flag of ["-V", "--version"])
    expect(await cli([flag])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), err: "" });
});

test.each([[[]], [["frobnicate"]], [["btf"]], [["btf", "show"]], [["run"]]])("%j is no command", async (argv) => {
  const { code, out, err } = await cli(argv);
  expect([code, out]).toEqual([2, ""]);
  expect(err).not.toBe("");
});

test("defects of ours are not turned into answers", async () => {
  const io = {
    argv: ["verify", "x.o"],
    stdin: chunks(),
    stdout: { write: () => {} },
    stderr: { write: () => {} },
    readFile: () => {
      throw new TypeError("a defect");
    },
    writeFile: () => {},
  };
  await expect(runCli(io)).rejects.toThrow(new TypeError("a defect"));
});

test("a slow reader is waited for", async () => {
  let open = 0;
  let most = 0;
  const lines = `${JSON.stringify({ id: "a", load: { prog_type: 1, license: "GPL", insns: "b7000000000000009500000000000000" } })}\n`;
  const code = await runCli({
    argv: ["verify", "--batch"],
    stdin: chunks(lines.repeat(5)),
    stdout: {
      async write() {
        most = Math.max(most, ++open);
        await new Promise((resolve) => setTimeout(resolve, 1));
        open--;
      },
    },
    stderr: { write: () => {} },
    readFile: () => new Uint8Array(0),
    writeFile: () => {},
  });
  expect([code, most]).toEqual([0, 1]);
});

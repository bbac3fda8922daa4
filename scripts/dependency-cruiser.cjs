// Packages point down only: a package may import packages of lower floors, never of its own or of a higher one; types count as well.
const FLOORS = [
  ["uapi"],
  ["isa", "btf", "memory", "wasm"],
  ["maps", "vm", "verifier"],
  ["map-trace"],
  ["kernel", "linux"],
  ["libbpf-ts"],
  ["cli"],
  ["selftests", "bench"],
];

/** The core runs in browsers: no Node built-ins in what is published, but for the command line. */
const WITHOUT_NODE = FLOORS.slice(0, 6)
  .flat()
  .filter((name) => name !== "linux");

/** A package's own code: sources, tests, benchmarks, examples. Tests of a floor know no more than its sources may. */
const CODE = "(src|test|bench|examples|scripts)";

const floorRules = FLOORS.flatMap((floor, index) =>
  floor.map((name) => {
    const allowed = FLOORS.slice(0, index).flat();
    const others = FLOORS.flat().filter((other) => other !== name && !allowed.includes(other));
    return {
      name: `${name}-points-down`,
      comment: `packages/${name} is on floor ${index}: it may import floors below only`,
      severity: "error",
      from: { path: `^packages/${name}/${CODE}/` },
      to: { path: `^packages/(${others.join("|")})/` },
    };
  }),
);

module.exports = {
  forbidden: [
    ...floorRules,
    {
      name: "on-a-floor",
      comment: "a package that stands on no floor has no rule: add it to FLOORS",
      severity: "error",
      from: { path: "^packages/", pathNot: `^packages/(${FLOORS.flat().join("|")})/` },
      to: {},
    },
    {
      name: "no-cycles",
      comment:
        "modules that need each other to load cannot be read one after the other (types may refer to each other)",
      severity: "error",
      from: { path: `^packages/[^/]+/${CODE}/` },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "no-node-in-the-core",
      comment: "these packages run in browsers",
      severity: "error",
      from: { path: `^packages/(${WITHOUT_NODE.join("|")})/src/` },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "sources-alone",
      comment: "what is published imports nothing that is not",
      severity: "error",
      from: { path: "^packages/[^/]+/src/", pathNot: "^packages/bench/" },
      to: { path: "^(packages/[^/]+/(test|bench|examples|scripts)|scripts)/" },
    },
    {
      name: "by-its-name",
      comment: "a package reaches another one through its exports, not by a path into its folder",
      severity: "error",
      from: { path: "^packages/([^/]+)/src/" },
      // The benchmarks run what lies beside the sources for them.
      to: { path: "^packages/", pathNot: "^packages/($1|[^/]+/bench)/", dependencyTypes: ["local"] },
    },
    {
      name: "resolvable",
      severity: "error",
      from: { path: "^packages/[^/]+/" },
      // "node" alone is what `/// <reference types="node" />` at the top of a test names.
      to: { couldNotResolve: true, pathNot: "^node$" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "/(dist|node_modules/\\.cache)/" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@bpf-ts/source", "types", "import", "default"],
      extensions: [".ts", ".js", ".mjs"],
    },
    tsConfig: { fileName: "tsconfig.base.json" },
  },
};

// Packages point down only: a package may import packages of lower floors, never of its own or of a higher one.
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

const floorRules = FLOORS.flatMap((floor, index) =>
  floor.map((name) => {
    const allowed = FLOORS.slice(0, index).flat();
    const others = FLOORS.flat().filter((other) => other !== name && !allowed.includes(other));
    return {
      name: `${name}-points-down`,
      comment: `packages/${name} is on floor ${index}: it may import floors below only`,
      severity: "error",
      from: { path: `^packages/${name}/src/` },
      to: { path: `^packages/(${others.join("|")})/` },
    };
  }),
).filter(({ to }) => to.path !== "^packages/()/");

module.exports = {
  forbidden: [
    ...floorRules,
    {
      name: "no-cycles",
      comment: "modules that import each other cannot be read one after the other",
      severity: "error",
      from: { path: "^packages/[^/]+/src/" },
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
      name: "resolvable",
      severity: "error",
      from: { path: "^packages/[^/]+/src/" },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    includeOnly: "^packages/[^/]+/src/",
    exclude: { path: "/dist/" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@bpf-ts/source", "types", "import", "default"],
      extensions: [".ts", ".js"],
    },
    tsConfig: { fileName: "tsconfig.base.json" },
  },
};

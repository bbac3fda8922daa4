/** `pnpm progs`: generates the headers and compiles every BPF program of this package. */
import { buildAll } from "./build.ts";

buildAll();

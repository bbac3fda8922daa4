#!/usr/bin/env node
import { runBundled } from "./bundled.mjs";

await runBundled("src/oracle/main.ts");

/** `pnpm demo [--seed N] [--json]`: the upgrade with tracing, and the same without. Exits with 1 if its claim does not hold. */
import { demo } from "./demo.ts";

const { out, err, code } = demo(process.argv.slice(2));
process.stdout.write(out);
process.stderr.write(err);
process.exitCode = code;

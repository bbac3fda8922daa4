import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const ROOT: string = fileURLToPath(new URL("../../../..", import.meta.url));

/** Where tests put files that must lie inside the workspace, so that imports from them find its packages. */
export const CACHE: string = join(ROOT, "packages/selftests/node_modules/.cache");

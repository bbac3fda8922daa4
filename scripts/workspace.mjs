// The packages of this workspace, as their package.json files say.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Every package: { name, folder, manifest }. */
export function packages(root) {
  return readdirSync(join(root, "packages"))
    .map((entry) => {
      const folder = join("packages", entry);
      return { folder, manifest: JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) };
    })
    .map(({ folder, manifest }) => ({ name: manifest.name, folder, manifest }));
}

/** Those that are published. */
export function publicPackages(root) {
  return packages(root).filter(({ manifest }) => manifest.private !== true);
}

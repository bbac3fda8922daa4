/** A package.json, as far as the scripts look at it. */
export interface Manifest {
  name: string;
  version: string;
  private?: boolean;
  exports?: Record<string, string | Record<string, string>>;
  dependencies?: Record<string, string>;
  scripts?: Record<string, string>;
  bin?: Record<string, string>;
}
export interface Package {
  name: string;
  /** Relative to the repository's root. */
  folder: string;
  manifest: Manifest;
}
export function packages(root: string): Package[];
export function publicPackages(root: string): Package[];
export function pnpmCommand(): [command: string, ...args: string[]];
export function packAll(root: string, destination: string): Record<string, string>;

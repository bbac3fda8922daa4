const GPL_COMPATIBLE: ReadonlySet<string> = new Set([
  "GPL",
  "GPL v2",
  "GPL and additional rights",
  "Dual BSD/GPL",
  "Dual MIT/GPL",
  "Dual MPL/GPL",
]);

/** Licences under which a program may call GPL-only helpers. @see v6.18 include/linux/license.h, license_is_gpl_compatible */
export function isGplCompatible(license: string): boolean {
  return GPL_COMPATIBLE.has(license);
}

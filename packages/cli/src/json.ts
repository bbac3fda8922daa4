/** JSON of a value that may hold 64-bit integers (written as they are, digit by digit) and maps (written as objects). */
export function toJson(value: unknown, indent = 0): string {
  return write(value, indent === 0 ? "" : "\n", " ".repeat(indent));
}

function write(value: unknown, newline: string, step: string): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString("hex"));
  const inner = newline === "" ? "" : newline + step;
  const isArray = Array.isArray(value);
  const items = isArray
    ? value.map((item: unknown) => write(item, inner, step))
    : (value instanceof Map ? [...value] : Object.entries(value))
        .filter(([, item]) => item !== undefined)
        .map(([name, item]) => `${JSON.stringify(String(name))}:${inner === "" ? "" : " "}${write(item, inner, step)}`);
  const [open, close] = isArray ? "[]" : "{}";
  return items.length === 0 ? `${open}${close}` : `${open}${inner}${items.join(`,${inner}`)}${newline}${close}`;
}

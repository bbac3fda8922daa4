import { ByteWriter } from "./bytes.ts";
import type { FunctionBuilder } from "./function.ts";
import type { Func } from "./types.ts";

/**
 * The custom section "name": the module's, the functions', their locals' names. Undefined when nothing has one.
 *
 * @see WebAssembly Core Specification, appendix "Custom Sections"
 */
export function nameSection(
  module: string | undefined,
  funcs: readonly Func[],
  bodies: readonly FunctionBuilder[],
): Uint8Array | undefined {
  const out = new ByteWriter();
  out.name("name");
  const empty = out.length;
  const part = (id: number, write: (content: ByteWriter) => void): void => {
    const content = new ByteWriter();
    write(content);
    out.u8(id);
    out.vector(content.done());
  };
  if (module !== undefined) part(0, (content) => content.name(module));

  const named = funcs.filter(({ name }) => name !== undefined);
  if (named.length > 0) {
    part(1, (content) => {
      content.u32(named.length);
      for (const { index, name } of named) {
        content.u32(index);
        content.name(name!);
      }
    });
  }
  const withLocals = bodies.filter(({ localNames }) => localNames.size > 0);
  if (withLocals.length > 0) {
    part(2, (content) => {
      content.u32(withLocals.length);
      for (const { index, localNames } of withLocals) {
        content.u32(index);
        content.u32(localNames.size);
        // Readers ask for rising indices.
        for (const [local, name] of [...localNames].sort((a, b) => a[0] - b[0])) {
          content.u32(local);
          content.name(name);
        }
      }
    });
  }
  return out.length === empty ? undefined : out.done();
}

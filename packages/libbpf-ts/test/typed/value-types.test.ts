import { expect, test } from "vitest";
import { camelCase } from "../../src/index.ts";

test.each([
  ["do_allow", "doAllow"],
  ["pid", "pid"],
  ["a_b_c", "aBC"],
  ["two__underscores", "twoUnderscores"],
  ["__reserved_word", "__reservedWord"],
  ["_x", "_x"],
  ["daddr_v6", "daddrV6"],
  ["src_ip_4", "srcIp_4"],
  ["trailing_", "trailing_"],
  ["already_Camel", "alreadyCamel"],
  ["", ""],
])("%s is %s", (c, js) => {
  expect(camelCase(c)).toBe(js);
});

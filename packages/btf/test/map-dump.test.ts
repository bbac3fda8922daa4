import { describe, expect, test } from "vitest";
import { BtfBuilder, BtfError, formatMapDump, formatValue } from "../src/index.ts";
import { fromHex } from "./fixtures/load.ts";

/**
 * A map on Linux 6.18 held these elements, and `bpftool map dump` (v7.1) printed what is expected. Two lines differ, where later versions print
 * something else and we do as they: pointers are quoted there, and a backslash in a string is escaped as one.
 */
test("a map of many types", () => {
  const b = new BtfBuilder();
  const int = b.addInt("int", 4, { signed: true });
  const uint = b.addInt("unsigned int", 4);
  const short = b.addInt("short", 2, { signed: true });
  const ushort = b.addInt("unsigned short", 2);
  const schar = b.addInt("signed char", 1, { signed: true });
  const uchar = b.addInt("unsigned char", 1);
  const long = b.addInt("long", 8, { signed: true });
  const ulong = b.addInt("unsigned long", 8);
  const bool = b.addInt("_Bool", 1, { bool: true });
  const char = b.addInt("char", 1, { signed: true });
  const letter = b.addInt("letter", 1, { char: true });
  const int128 = b.addInt("__int128", 16, { signed: true });
  const charTypedef = b.addTypedef("c_t", char);
  const array = (type: number, length: number): number => b.addArray(type, length, uint);
  const color = b.addEnum("color", [
    { name: "RED", value: 0 },
    { name: "BLUE", value: 0xfffffff0 },
  ]);
  const negative = b.addEnum("neg", [{ name: "MINUS", value: -1 }]);
  const wide = b.addEnum64("e64", [{ name: "HUGE_ONE", value: 0x123456789abcdefn }]);
  const inner = b.addFields("struct", "inner", [
    { name: "x", type: int },
    { name: "y", type: ushort },
  ]);
  const union = b.addFields("union", "", [
    { name: "word", type: uint },
    { name: "half", type: ushort },
  ]);
  const value = b.addFields("struct", "value", [
    { name: "i", type: int },
    { name: "u", type: uint },
    { name: "s", type: short },
    { name: "us", type: ushort },
    { name: "c", type: schar },
    { name: "uc", type: uchar },
    { name: "l", type: long },
    { name: "ul", type: ulong },
    { name: "yes", type: bool },
    { name: "text", type: array(char, 8) },
    { name: "full", type: array(char, 4) },
    { name: "ctext", type: array(b.addConst(char), 4) },
    { name: "ttext", type: array(charTypedef, 4) },
    { name: "letters", type: array(letter, 3) },
    { name: "letter", type: letter },
    { name: "odd", type: letter },
    { name: "red", type: color },
    { name: "blue", type: color },
    { name: "none", type: color },
    { name: "minus", type: negative },
    { name: "huge", type: wide },
    { name: "lost", type: wide },
    { name: "nil", type: b.addPtr(0) },
    { name: "ptr", type: b.addPtr(int) },
    { name: "in", type: inner },
    { name: "ins", type: array(inner, 2) },
    { name: "", type: union },
    { name: "empty", type: b.addStruct("empty", 0, []) },
    { name: "none_at_all", type: array(int, 0) },
    { name: "grid", type: array(array(ushort, 2), 2) },
    { name: "b1", type: uint, bits: 3 },
    { name: "b2", type: int, bits: 7 },
    { name: "b3", type: ulong, bits: 40 },
    { name: "wide", type: int128 },
    { name: "wide2", type: int128 },
  ]);
  const bytes = fromHex(
    `0b30557a9fc4e90e33587da2c7ec11365b80a5caef14395e83a8cdf2173c6186016869225c207800d366756c6c414200ff414200ff4109c8
     23486d9200000000f0ffffffdf04294effffffff072c5176efcdab8967452301c3e80d32577ca1c6000000000000000078563412
     8088ffff3b6085aacff4193e6388add2f71c41668bb0d5fa1f44698eb3d8fd22476c91b6db00254a6f94b9de03284d7297bce1062b50759a
     bfe4092e53789dc2e70c31567ba0c5ea0f34597e0000000000000000`,
  );
  expect(b.sizeOf(value)).toBe(bytes.length);
  expect(formatMapDump(b.toBtf(), { key: int, value }, [{ key: fromHex("00000000"), value: bytes }])).toBe(`[{
        "key": 0,
        "value": {
            "i": 2052403211,
            "u": 250201247,
            "s": 22579,
            "us": 41597,
            "c": -57,
            "uc": 236,
            "l": 6789480933367316571,
            "ul": 9683086747378755715,
            "yes": true,
            "text": "hi\\"\\\\ x",
            "full": [102,117,108,108
            ],
            "ctext": "AB",
            "ttext": [65,66,0,-1
            ],
            "letters": ["A",0x9,0xc8
            ],
            "letter": "#",
            "odd": "H",
            "red": "RED",
            "blue": "BLUE",
            "none": 1311311071,
            "minus": "MINUS",
            "huge": "HUGE_ONE",
            "lost": -4133886269005633341,
            "nil": "(nil)",
            "ptr": "0xffff888012345678",
            "in": {
                "x": -1434099653,
                "y": 62671
            },
            "ins": [{
                    "x": -760379293,
                    "y": 7415
                },{
                    "x": -86658933,
                    "y": 17439
                }
            ],
            "": {
                "word": 587061427,
                "half": 55475
            },
            "empty": {},
            "none_at_all": [],
            "grid": [[27719,46737
                ],[219,18981
                ]
            ],
            "b1": 0x7,
            "b2": 0xd,
            "b3": 0x97724d2803,
            "wide": 0x56310ce7c29d78532e09e4bf9a75502b,
            "wide2": 0x7e59340feac5a07b
        }
    }
]
`);
});

test("several elements, and those of each CPU", () => {
  const b = new BtfBuilder();
  const int = b.addInt("int", 4, { signed: true });
  const btf = b.toBtf();
  const [one, two] = [fromHex("01000000"), fromHex("02000000")];
  expect(
    formatMapDump(btf, { key: int, value: int }, [
      { key: one, value: two },
      { key: two, value: one },
    ]),
  ).toBe(`[{
        "key": 1,
        "value": 2
    },{
        "key": 2,
        "value": 1
    }
]
`);
  expect(formatMapDump(btf, { key: int, value: int }, [{ key: one, values: [one, two] }])).toBe(`[{
        "key": 1,
        "values": [{
                "cpu": 0,
                "value": 1
            },{
                "cpu": 1,
                "value": 2
            }
        ]
    }
]
`);
  expect(formatMapDump(btf, { key: 0, value: int }, [{ key: one, value: two }])).toBe(`[{
        "value": 2
    }
]
`);
  expect(formatMapDump(btf, { key: int, value: int }, [])).toBe("[]\n");
});

test("variables, sections, floats and tags", () => {
  const b = new BtfBuilder();
  const int = b.addInt("int", 4, { signed: true });
  const v = b.addVar("v", b.addTypeTag("user", int));
  const section = b.addDatasec(".data", 8, [{ type: v, offset: 4, size: 4 }]);
  const double = b.addFloat("double", 8);
  const btf = b.toBtf();
  expect(formatValue(btf, section, fromHex("00000000 ffffffff"))).toBe(`{
    ".data": [{
            "v": -1
        }
    ]
}`);
  expect(formatValue(btf, double, fromHex("000000000000f83f"))).toBe("1.5");
});

describe("what cannot be printed is refused", () => {
  const b = new BtfBuilder();
  const int = b.addInt("int", 4, { signed: true });
  const fwd = b.addFwd("f", "struct");
  const odd = b.add({ kind: "int", name: "odd", size: 4, encoding: 3 });
  const empty = b.addArray(b.addStruct("e", 0, []), 0xffffffff, int);
  const beyond = b.addStruct("s", 4, [{ name: "m", type: int, bitOffset: 32, bitfieldSize: 0 }]);
  const btf = b.toBtf();
  test.each([
    [int, "000000", "a value of type 1 needs 4 bytes, there are 3"],
    [fwd, "", "type 2 (fwd) has no size"],
    [odd, "00000000", "int odd has encoding 3"],
    [empty, "", "more values than the bytes can hold"],
    [beyond, "00000000", "a value at byte 4 reaches beyond the 4 bytes there are"],
  ])("type %i", (type, hex, message) => {
    expect(() => formatValue(btf, type, fromHex(hex))).toThrow(BtfError);
    expect(() => formatValue(btf, type, fromHex(hex))).toThrow(message);
  });
});

/**
 * What a running Linux 6.18.44 (x86-64) lets a two-instruction program do with its context: each type that it loads, each attach type that
 * makes a difference, each offset from -8 to 259, each width, load, sign-extending load and store. Recorded by loading the programs; the type
 * of what was read is the one that the log shows.
 *
 * Keys: `program type/expected attach type`, several that agree in one. A line: direction and width, then offsets: `a..b/step=type`. Types
 * other than a number are named as in the log. Sign-extending loads of 1, 2 and 4 bytes were allowed exactly where plain ones read a number.
 */
export const CTX_SWEEP: Readonly<Record<string, string>> = {
  "1/0": `
    read 1: 0..71 84..87 164..167 176..179
    read 2: 0..70/2 84..86/2 164..166/2 176..178/2
    read 4: 0..68/4 84..164/80 176
    read 8: 48..56/8 168=sock_common_or_null
    write 1: 48..67
    write 2: 48..66/2
    write 4: 48..64/4
    write 8: 48..56/8`,
  "2/0 2/42 2/48 2/56 2/57": `
    read 1: 0..167
    read 2: 0..166/2
    read 4: 0..164/4
    read 8: 0..160/8`,
  "3/0 4/0": `
    read 1: 0..75 84..87 160..167 176..180
    read 2: 0..74/2 84..86/2 160..166/2 176..178/2
    read 4: 0..72/4 76=pkt 80=pkt_end 84 140=pkt_meta 160..164/4 176
    read 8: 48..56/8 152 168=sock_common_or_null 184
    write 1: 48..67
    write 2: 48..66/2
    write 4: 8..12/4 32..44/12 48..64/4 72
    write 8: 48..56/8 152`,
  "5/0": `
    read 1: -8..-1 8..259
    read 2: -8..-2/2 8..258/2
    read 4: -8..-4/4 8..256/4
    read 8: -8..8/16 16..256/8`,
  "6/0 6/35 6/37": `
    read 4: 0=pkt 4=pkt_end 8=pkt_meta 12..16/4`,
  "7/0": `
    read 1: 168..183
    read 2: 168..182/2
    read 4: 168..180/4
    read 8: 0..176/8`,
  "10/0 11/0 12/0 19/0": `
    read 1: 0..71 84..87 164..167 176..179
    read 2: 0..70/2 84..86/2 164..166/2 176..178/2
    read 4: 0..68/4 76=pkt 80=pkt_end 84..164/80 176
    read 8: 48..56/8 168=sock_common_or_null
    write 1: 48..67
    write 2: 48..66/2
    write 4: 8..32/24 48..64/4
    write 8: 48..56/8`,
  "13/0": `
    read 1: 212
    read 2: 212
    read 4: 0..164/4 208..212/4
    read 8: 168..176/8 184=sock_or_null 192=pkt 200=pkt_end 216
    write 4: 4..164/160`,
  "14/0": `
    read 1: 0..7 12..71 84..91 132..139 164..167 176..179
    read 2: 0..6/2 12..70/2 84..90/2 132..138/2 164..166/2 176..178/2
    read 4: 0..4/4 12..68/4 76=pkt 80=pkt_end 84..136/4 164..176/12
    read 8: 48..56/8 168=sock_common_or_null
    write 4: 32..44/12`,
  "15/0": `
    read 1: 0..3
    read 2: 0..2/2
    read 4: 0..8/4`,
  "16/0": `
    read 4: 16..68/4
    read 8: 0=pkt 8=pkt_end 72=sock`,
  "17/0": `
    read 1: 0..95
    read 2: 0..94/2
    read 4: 0..92/4
    read 8: 0..88/8`,
  "22/0": `
    read 4: 76=pkt 80=pkt_end
    read 8: 144=flow_keys`,
  "23/0": `
    read 1: 0..7
    read 2: 0..6/2
    read 4: 0..4/4
    write 4: 4`,
  "24/0": `
    read 1: 1..95
    read 2: 2..94/2
    read 4: 4..92/4
    read 8: 0=tp_buffer 8..88/8`,
  "8/0 8/1": `
    read 1: 0..71 84..91 132..139 164..167 176..179
    read 2: 0..70/2 84..90/2 132..138/2 164..166/2 176..178/2
    read 4: 0..68/4 76=pkt 80=pkt_end 84..136/4 164..176/12
    read 8: 48..56/8 152 168=sock_common_or_null 184
    write 1: 48..67
    write 2: 48..66/2
    write 4: 8..32/24 48..64/4
    write 8: 48..56/8 152`,
  "9/2 9/34": `
    read 1: 4..12/4 48..49 52..72 76
    read 2: 4..12/4 48..52/4 54..72/2 76
    read 4: 0..20/4 48..76/4
    write 4: 0..16/16 20`,
  "9/12": `
    read 1: 4..12/4 24..27 44..48/4 49..52/3 53..72 76
    read 2: 4..12/4 24..26/2 44..52/4 54..72/2 76
    read 4: 4..12/4 24..44/20 48..76/4`,
  "9/13": `
    read 1: 4..12/4 28..44 48..49 52..72 76
    read 2: 4..12/4 28..44/2 48..52/4 54..72/2 76
    read 4: 4..12/4 28..76/4`,
  "18/8 18/10 18/19 18/29 18/31": `
    read 1: 4..7 24..27
    read 2: 4..6/2 24..26/2
    read 4: 0..4/4 24..36/4
    read 8: 64=sock
    write 4: 4..24/20`,
  "18/9 18/11 18/20 18/30 18/32": `
    read 1: 8..27
    read 2: 8..26/2
    read 4: 0..8/8 12..36/4
    read 8: 8..16/8 64=sock
    write 4: 8..24/4
    write 8: 8..16/8`,
  "18/14": `
    read 1: 4..7 24..27 40..43
    read 2: 4..6/2 24..26/2 40..42/2
    read 4: 0..4/4 24..40/4
    read 8: 64=sock
    write 4: 4..24/20 40`,
  "18/15": `
    read 1: 8..27 44..59
    read 2: 8..26/2 44..58/2
    read 4: 0..8/8 12..36/4 44..56/4
    read 8: 8..16/8 48 64=sock
    write 4: 8..24/4 44..56/4
    write 8: 8..16/8 48`,
  "18/49 18/50 18/51 18/52 18/53": `
    read 1: 24..27
    read 2: 24..26/2
    read 4: 0..24/24 28..36/4
    read 8: 64=sock
    write 4: 24`,
  "21/39 21/40": `
    read 1: 16..19 24..31
    read 2: 16..30/2
    read 4: 16..32/4
    read 8: 0=pkt 8=pkt_end 40=sock 48=sock_common_or_null`,
  "25/21": `
    read 4: 24..36/4
    read 8: 0=sock 8=pkt 16=pkt_end
    write 4: 32..36/4`,
  "25/22": `
    read 4: 24..32/4
    read 8: 0=sock 8=pkt 16=pkt_end
    write 4: 24..32/4`,
  "30/36": `
    read 1: 8..67
    read 2: 8..66/2
    read 4: 8..64/4
    read 8: 0=sock_or_null`,
  "31/0": `
    read 1: 0..259
    read 2: 0..258/2
    read 4: 0..256/4
    read 8: 0..256/8
    write 1: 0..259
    write 2: 0..258/2
    write 4: 0..256/4
    write 8: 0..256/8`,
  "32/45": `
    read 8: 0=trusted_ptr_nf_hook_state 8=trusted_ptr_sk_buff`,
  "6/33": `
    read 4: 0=pkt 4=pkt_end 8=pkt_meta 12..20/4`,
};

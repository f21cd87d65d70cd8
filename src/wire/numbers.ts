// Numbers from the IANA registries "Domain Name System (DNS) Parameters", with the names people know them by.

/** Response codes (RFC 1035 §4.1.1, RFC 2136 §2.2, RFC 6891 §9). */
export const Rcode = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NXRRSET: 8,
  NOTAUTH: 9,
  NOTZONE: 10,
  BADVERS: 16,
  BADKEY: 17,
  BADTIME: 18,
  BADMODE: 19,
  BADNAME: 20,
  BADALG: 21,
  BADTRUNC: 22,
  BADCOOKIE: 23
} as const

/** Operation codes (RFC 1035 §4.1.1, RFC 1996 §3, RFC 2136 §1.3). */
export const Opcode = { QUERY: 0, IQUERY: 1, STATUS: 2, NOTIFY: 4, UPDATE: 5 } as const

/** Record types and question types. Others are written `TYPE65280` (RFC 3597 §5). */
export const Rtype = {
  A: 1,
  NS: 2,
  MD: 3,
  MF: 4,
  CNAME: 5,
  SOA: 6,
  MB: 7,
  MG: 8,
  MR: 9,
  NULL: 10,
  PTR: 12,
  HINFO: 13,
  MINFO: 14,
  MX: 15,
  TXT: 16,
  RP: 17,
  AFSDB: 18,
  X25: 19,
  ISDN: 20,
  RT: 21,
  SIG: 24,
  KEY: 25,
  PX: 26,
  GPOS: 27,
  AAAA: 28,
  LOC: 29,
  NXT: 30,
  EID: 31,
  NIMLOC: 32,
  SRV: 33,
  ATMA: 34,
  NAPTR: 35,
  KX: 36,
  CERT: 37,
  DNAME: 39,
  OPT: 41,
  APL: 42,
  DS: 43,
  SSHFP: 44,
  IPSECKEY: 45,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  DHCID: 49,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  SMIMEA: 53,
  HIP: 55,
  NINFO: 56,
  RKEY: 57,
  TALINK: 58,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  CSYNC: 62,
  ZONEMD: 63,
  SVCB: 64,
  HTTPS: 65,
  SPF: 99,
  NID: 104,
  L32: 105,
  L64: 106,
  LP: 107,
  EUI48: 108,
  EUI64: 109,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
  URI: 256,
  CAA: 257,
  AVC: 258,
  AMTRELAY: 260
} as const

/** Classes (RFC 1035 §3.2.4, RFC 2136 §1.3). Others are written `CLASS77` (RFC 3597 §5). */
export const Rclass = { IN: 1, CH: 3, HS: 4, NONE: 254, ANY: 255 } as const

/** EDNS option codes (RFC 6891 §6.1.2 and the registry). */
export const OptionCode = {
  NSID: 3,
  CLIENT_SUBNET: 8,
  EXPIRE: 9,
  COOKIE: 10,
  TCP_KEEPALIVE: 11,
  PADDING: 12,
  EDE: 15
} as const

/** Header flags as they stand in octets 2 and 3 of a message (RFC 1035 §4.1.1, RFC 4035 §3). */
export const Flag = {
  QR: 0x8000,
  AA: 0x0400,
  TC: 0x0200,
  RD: 0x0100,
  RA: 0x0080,
  Z: 0x0040,
  AD: 0x0020,
  CD: 0x0010
} as const

/** Octets in a message header. */
export const HEADER_OCTETS = 12

const invert = (numbers: Readonly<Record<string, number>>): ReadonlyMap<number, string> =>
  new Map(Object.entries(numbers).map(([name, number]) => [number, name]))

const rtypeNames = invert(Rtype)
const rclassNames = invert(Rclass)
const rcodeNames = invert(Rcode)

/** `A`, `SRV`, or `TYPE65280` for a type without a name here. */
export const rtypeName = (rtype: number): string => rtypeNames.get(rtype) ?? `TYPE${rtype}`
/** `IN`, `CH`, or `CLASS77`. */
export const rclassName = (rclass: number): string => rclassNames.get(rclass) ?? `CLASS${rclass}`
/** `NXDOMAIN`, or `RCODE12`. */
export const rcodeName = (rcode: number): string => rcodeNames.get(rcode) ?? `RCODE${rcode}`
const numberOf = (table: Readonly<Record<string, number>>, generic: string, text: string, max: number) => {
  const upper = text.toUpperCase()
  if (Object.hasOwn(table, upper)) return table[upper]
  const digits = upper.startsWith(generic) ? upper.slice(generic.length) : ''
  const number = /^\d{1,5}$/.test(digits) ? Number(digits) : max + 1
  return number <= max ? number : undefined
}

/** The number of `A`, `aaaa` or `TYPE65280`; `undefined` when there is none. */
export const rtypeNumber = (text: string): number | undefined => numberOf(Rtype, 'TYPE', text, 0xffff)
/** The number of `IN` or `CLASS77`; `undefined` when there is none. */
export const rclassNumber = (text: string): number | undefined => numberOf(Rclass, 'CLASS', text, 0xffff)

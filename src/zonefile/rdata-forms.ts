// How the data of each record type is written in a zone file: its fields in order, by the names that CoreDNS's messages
// give them (`bad MX Pref`).
import { Rtype } from '../wire/numbers.ts'

/** What a field is made of. The kinds below the line take all that is left of the record. */
export type FieldKind =
  | 'u8'
  | 'u16'
  | 'u32'
  /** Seconds, units allowed. */
  | 'seconds'
  | 'ipv4'
  | 'ipv6'
  | 'name'
  /** One word as a character string. */
  | 'word'
  /** A character string in quotation marks. */
  | 'quoted'
  | 'type'
  /** A DNSSEC algorithm, as number or mnemonic. */
  | 'algorithm'
  /** `YYYYMMDDHHMMSS` or seconds since 1970. */
  | 'time'
  /** Hex digits with a length in front, `-` for none. */
  | 'salt'
  /** Base 32 with a length in front. */
  | 'base32'
  // ---
  | 'strings'
  | 'two-strings'
  /** One string without a length. */
  | 'value'
  | 'hex'
  | 'base64'
  | 'types'
  | 'parameters'

export type Field = readonly [kind: FieldKind, name: string]

const name = (label: string): readonly Field[] => [['name', label]]
const preferred = (number: string, label: string): readonly Field[] => [
  ['u16', number],
  ['name', label]
]
const key: readonly Field[] = [
  ['u16', 'Flags'],
  ['u8', 'Protocol'],
  ['u8', 'Algorithm'],
  ['base64', 'PublicKey']
]
const digest: readonly Field[] = [
  ['u16', 'KeyTag'],
  ['algorithm', 'Algorithm'],
  ['u8', 'DigestType'],
  ['hex', 'Digest']
]
const certificate: readonly Field[] = [
  ['u8', 'Usage'],
  ['u8', 'Selector'],
  ['u8', 'MatchingType'],
  ['hex', 'Certificate']
]
const service: readonly Field[] = [
  ['u16', 'Priority'],
  ['name', 'Target'],
  ['parameters', 'Value']
]
const signature: readonly Field[] = [
  ['type', 'Typecovered'],
  ['algorithm', 'Algorithm'],
  ['u8', 'Labels'],
  ['u32', 'OrigTtl'],
  ['time', 'Expiration'],
  ['time', 'Inception'],
  ['u16', 'KeyTag'],
  ['name', 'SignerName'],
  ['base64', 'Signature']
]
const hashing: readonly Field[] = [
  ['u8', 'Hash'],
  ['u8', 'Flags'],
  ['u16', 'Iterations'],
  ['salt', 'Salt']
]

/** Every type that has a form here; others are written `\# LENGTH HEX` (RFC 3597 §5). */
export const rdataForms: ReadonlyMap<number, readonly Field[]> = new Map<number, readonly Field[]>([
  [Rtype.A, [['ipv4', 'A']]],
  [Rtype.NS, name('Ns')],
  [Rtype.MD, name('Md')],
  [Rtype.MF, name('Mf')],
  [Rtype.CNAME, name('Target')],
  [
    Rtype.SOA,
    [
      ['name', 'Ns'],
      ['name', 'Mbox'],
      ['u32', 'zone parameter'],
      ['seconds', 'zone parameter'],
      ['seconds', 'zone parameter'],
      ['seconds', 'zone parameter'],
      ['seconds', 'zone parameter']
    ]
  ],
  [Rtype.MB, name('Mb')],
  [Rtype.MG, name('Mg')],
  [Rtype.MR, name('Mr')],
  [Rtype.PTR, name('Ptr')],
  [Rtype.HINFO, [['two-strings', 'Fields']]],
  [
    Rtype.MINFO,
    [
      ['name', 'Rmail'],
      ['name', 'Email']
    ]
  ],
  [Rtype.MX, preferred('Pref', 'Mx')],
  [Rtype.TXT, [['strings', 'Txt']]],
  [
    Rtype.RP,
    [
      ['name', 'Mbox'],
      ['name', 'Txt']
    ]
  ],
  [Rtype.AFSDB, preferred('Subtype', 'Hostname')],
  [Rtype.X25, [['word', 'PSDNAddress']]],
  [Rtype.ISDN, [['two-strings', 'Fields']]],
  [Rtype.RT, preferred('Preference', 'Host')],
  [Rtype.SIG, signature],
  [Rtype.KEY, key],
  [
    Rtype.PX,
    [
      ['u16', 'Preference'],
      ['name', 'Map822'],
      ['name', 'Mapx400']
    ]
  ],
  [Rtype.AAAA, [['ipv6', 'AAAA']]],
  [
    Rtype.SRV,
    [
      ['u16', 'Priority'],
      ['u16', 'Weight'],
      ['u16', 'Port'],
      ['name', 'Target']
    ]
  ],
  [
    Rtype.NAPTR,
    [
      ['u16', 'Order'],
      ['u16', 'Preference'],
      ['quoted', 'Flags'],
      ['quoted', 'Service'],
      ['quoted', 'Regexp'],
      ['name', 'Replacement']
    ]
  ],
  [Rtype.KX, preferred('Pref', 'Exchanger')],
  [
    Rtype.CERT,
    [
      ['u16', 'Type'],
      ['u16', 'KeyTag'],
      ['algorithm', 'Algorithm'],
      ['base64', 'Certificate']
    ]
  ],
  [Rtype.DNAME, name('Target')],
  [Rtype.DS, digest],
  [
    Rtype.SSHFP,
    [
      ['u8', 'Algorithm'],
      ['u8', 'Type'],
      ['hex', 'Fingerprint']
    ]
  ],
  [Rtype.RRSIG, signature],
  [
    Rtype.NSEC,
    [
      ['name', 'NextDomain'],
      ['types', 'TypeBitMap']
    ]
  ],
  [Rtype.DNSKEY, key],
  [Rtype.DHCID, [['base64', 'Digest']]],
  [Rtype.NSEC3, [...hashing, ['base32', 'NextDomain'], ['types', 'TypeBitMap']]],
  [Rtype.NSEC3PARAM, hashing],
  [Rtype.TLSA, certificate],
  [Rtype.SMIMEA, certificate],
  [Rtype.NINFO, [['strings', 'ZSData']]],
  [
    Rtype.TALINK,
    [
      ['name', 'PreviousName'],
      ['name', 'NextName']
    ]
  ],
  [Rtype.CDS, digest],
  [Rtype.CDNSKEY, key],
  [Rtype.OPENPGPKEY, [['base64', 'PublicKey']]],
  [
    Rtype.CSYNC,
    [
      ['u32', 'serial'],
      ['u16', 'flags'],
      ['types', 'TypeBitMap']
    ]
  ],
  [
    Rtype.ZONEMD,
    [
      ['u32', 'Serial'],
      ['u8', 'Scheme'],
      ['u8', 'Hash Algorithm'],
      ['hex', 'Digest']
    ]
  ],
  [Rtype.SVCB, service],
  [Rtype.HTTPS, service],
  [Rtype.SPF, [['strings', 'Txt']]],
  [Rtype.LP, preferred('Preference', 'Fqdn')],
  [
    Rtype.URI,
    [
      ['u16', 'Priority'],
      ['u16', 'Weight'],
      ['value', 'Target']
    ]
  ],
  [
    Rtype.CAA,
    [
      ['u8', 'Flag'],
      ['word', 'Tag'],
      ['value', 'Value']
    ]
  ],
  [Rtype.AVC, [['strings', 'Txt']]]
])

/** DNSSEC algorithms by their mnemonics (IANA "DNS Security Algorithm Numbers"). */
export const ALGORITHMS: ReadonlyMap<string, number> = new Map([
  ['RSAMD5', 1],
  ['DH', 2],
  ['DSA', 3],
  ['RSASHA1', 5],
  ['DSA-NSEC3-SHA1', 6],
  ['RSASHA1-NSEC3-SHA1', 7],
  ['RSASHA256', 8],
  ['RSASHA512', 10],
  ['ECC-GOST', 12],
  ['ECDSAP256SHA256', 13],
  ['ECDSAP384SHA384', 14],
  ['ED25519', 15],
  ['ED448', 16],
  ['INDIRECT', 252],
  ['PRIVATEDNS', 253],
  ['PRIVATEOID', 254]
])

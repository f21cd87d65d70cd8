// The types that exist at a name (RFC 4034 §4.1.2).

export function encodeTypeBitmap(types: readonly number[]): Buffer {
  const windows = new Map<number, Buffer>()
  for (const type of types) {
    const window = type >> 8
    const bits = windows.get(window) ?? Buffer.alloc(32)
    const at = (type & 0xff) >> 3
    bits[at] = (bits[at] as number) | (0x80 >> (type & 7))
    windows.set(window, bits)
  }
  const parts = [...windows]
    .sort(([a], [b]) => a - b)
    .map(([window, bits]) => {
      let length = 32
      while (bits[length - 1] === 0) length--
      return Buffer.concat([Buffer.of(window, length), bits.subarray(0, length)])
    })
  return Buffer.concat(parts)
}

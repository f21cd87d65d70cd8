// Hashes decide where things are looked for: letter case must not matter, everything else must.
import t from 'tap'
import { seededHasher } from './support.ts'

const hashOf = (hasher: ReturnType<typeof seededHasher>, text: string, salt = 0) => {
  const octets = Buffer.from(text)
  return hasher.hash(octets, 0, octets.length, salt)
}

t.test('letter case does not matter, at every length and place in a word', t => {
  const hasher = seededHasher()
  for (let length = 0; length <= 70; length++) {
    const lower = 'abcdefghijklmnopqrstuvwxyz-0123456789'.repeat(2).slice(0, length)
    t.equal(hashOf(hasher, lower), hashOf(hasher, lower.toUpperCase()), `${length} octets`)
  }
  t.not(hashOf(hasher, '['), hashOf(hasher, '{'), 'octets that differ by 0x20 and are no letters')
  t.not(hashOf(hasher, 'É'), hashOf(hasher, 'é'), 'only ASCII has letter case')
  t.end()
})

t.test('only the octets between the offsets count', t => {
  const hasher = seededHasher()
  const octets = Buffer.from('xxweb-7yyyy')
  t.equal(hasher.hash(octets, 2, 7, 5), hashOf(hasher, 'web-7', 5))
  t.end()
})

t.test('salt, length and key are part of the hash', t => {
  const hasher = seededHasher()
  t.not(hashOf(hasher, 'web', 1), hashOf(hasher, 'web', 2))
  t.not(hashOf(hasher, 'a'), hashOf(hasher, 'a\0'), 'a zero octet is not nothing')
  t.not(hashOf(hasher, 'web'), hashOf(seededHasher(2), 'web'), 'another key, another hash')
  t.end()
})

t.test('similar keys get different hashes, spread over low and high bits', t => {
  const hasher = seededHasher(7)
  const count = 50_000
  const seen = new Set<number>()
  const low = new Int32Array(64)
  const high = new Int32Array(64)
  for (let i = 0; i < count; i++) {
    const hash = hashOf(hasher, `service-${i}`)
    seen.add(hash)
    low[hash & 63]!++
    high[hash >>> 26]!++
  }
  // 50,000 of 2^32: 0.3 pairs are expected to meet.
  t.ok(seen.size >= count - 5, `${count - seen.size} of ${count} hashes are not unique`)
  for (const buckets of [low, high]) {
    t.ok(Math.max(...buckets) < (count / 64) * 1.25, `fullest of 64 buckets: ${Math.max(...buckets)}`)
    t.ok(Math.min(...buckets) > (count / 64) * 0.75, `emptiest: ${Math.min(...buckets)}`)
  }
  t.end()
})

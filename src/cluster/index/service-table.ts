// Services (or ServiceImports) and the slices that belong to them, found by namespace and label, and by address.
//
// An entry stands for one name in one namespace, whether a Service, slices, or both are there. Entries and slices are
// small numbers; arrays say where their records lie in the slab. Nothing here is an object per Service.
import { formatAddress, parseAddress, parsedAddress } from '../../wire/address.ts'
import { read32 } from '../../wire/records.ts'
import type { EndpointSlice } from '../objects.ts'
import { HashTable, grown } from './hash-table.ts'
import type { Hasher } from './hash.ts'
import { sameOctets, type Namespaces } from './namespaces.ts'
import {
  ADDRESSES_MAX,
  RecordBuffer,
  ServiceView,
  writeService,
  type ServiceFields
} from './service-record.ts'
import { SliceView, writeSlice, type SliceOptions } from './slice-record.ts'
import type { Slab } from './slab.ts'

/** Keeps the spaces of hashes apart. */
const SERVICE_SALT = 0x7376_0000
const SLICE_SALT = 0x736c_0000
const ADDRESS_SALT = 0x6970
const START = 64

/** What a change touched, for serials (kubernetes-records.md §14). */
export type Change = 'none' | 'added' | 'answers' | 'other'

export class ServiceTable {
  readonly #slab: Slab
  readonly #hasher: Hasher
  readonly #namespaces: Namespaces
  readonly #sliceOptions: SliceOptions
  readonly #entries = new HashTable()
  readonly #slices = new HashTable()
  /** Addresses of Services to entries. */
  readonly #serviceAddresses = new HashTable()
  /** Ready addresses to slices; a slice stands once for each of its endpoints with that address. */
  readonly #sliceAddresses = new HashTable()
  // By entry.
  #entryNamespace = new Int32Array(START)
  #entryName = new Int32Array(START)
  #entryService = new Int32Array(START)
  #entrySlices = new Int32Array(START)
  #entryCount = 0
  readonly #freeEntries: number[] = []
  // By slice.
  #sliceEntry = new Int32Array(START)
  #sliceRecord = new Int32Array(START)
  #sliceNext = new Int32Array(START)
  #sliceCount = 0
  readonly #freeSlices: number[] = []
  readonly #record = new RecordBuffer()
  readonly #service = new ServiceView()
  readonly #slice = new SliceView()
  readonly #newSliceRecord = new SliceView()
  /** How many Services and slices there are. */
  serviceCount = 0
  sliceObjectCount = 0

  constructor(slab: Slab, hasher: Hasher, namespaces: Namespaces, sliceOptions: SliceOptions) {
    this.#slab = slab
    this.#hasher = hasher
    this.#namespaces = namespaces
    this.#sliceOptions = sliceOptions
  }

  // Reading. Entry and slice numbers are valid until the next change.

  /** The entry for a label in a namespace; -1 when neither a Service nor a slice is there. */
  find(namespace: number, octets: Uint8Array, start: number, end: number): number {
    const hash = this.#hasher.hash(octets, start, end, SERVICE_SALT + namespace)
    for (let node = this.#entries.first(hash); node !== 0; node = this.#entries.next(node)) {
      const entry = this.#entries.value(node)
      if (this.#entryNamespace[entry] === namespace && this.#hasName(entry, octets, start, end)) return entry
    }
    return -1
  }

  hasService(entry: number): boolean {
    return this.#entryService[entry] !== 0
  }

  /** Points a view at the entry's Service, which must be there. */
  loadService(entry: number, view: ServiceView): ServiceView {
    const ref = this.#entryService[entry] as number
    return view.load(this.#slab.octets(ref), this.#slab.offset(ref))
  }

  /** The first of an entry's slices, -1 when it has none; `nextSlice` gives the others. */
  firstSlice(entry: number): number {
    return (this.#entrySlices[entry] as number) - 1
  }

  nextSlice(slice: number): number {
    return (this.#sliceNext[slice] as number) - 1
  }

  loadSlice(slice: number, view: SliceView): SliceView {
    const ref = this.#sliceRecord[slice] as number
    return view.load(this.#slab.octets(ref), this.#slab.offset(ref))
  }

  entryOfSlice(slice: number): number {
    return this.#sliceEntry[slice] as number
  }

  namespaceOf(entry: number): number {
    return this.#entryNamespace[entry] as number
  }

  /** The entry's name, without its length octet: a view. */
  nameOf(entry: number): Uint8Array {
    const ref = this.#entryName[entry] as number
    const octets = this.#slab.octets(ref)
    const at = this.#slab.offset(ref)
    return octets.subarray(at + 1, at + 1 + (octets[at] as number))
  }

  /** Entries with a Service that has this address, as nodes for `nextByAddress` and `valueByAddress`. */
  servicesByAddress(octets: Uint8Array, start: number, family: number): number {
    return this.#serviceAddresses.first(this.#addressHash(octets, start, family))
  }

  nextServiceByAddress(node: number): number {
    return this.#serviceAddresses.next(node)
  }

  serviceAtNode(node: number): number {
    return this.#serviceAddresses.value(node)
  }

  slicesByAddress(octets: Uint8Array, start: number, family: number): number {
    return this.#sliceAddresses.first(this.#addressHash(octets, start, family))
  }

  nextSliceByAddress(node: number): number {
    return this.#sliceAddresses.next(node)
  }

  sliceAtNode(node: number): number {
    return this.#sliceAddresses.value(node)
  }

  /** Every entry, in no order. */
  *entries(): Iterable<number> {
    for (let entry = 0; entry < this.#entryCount; entry++) if (this.#entryName[entry] !== 0) yield entry
  }

  /** How many slices there are. */
  get sliceCount(): number {
    return this.#sliceCount - this.#freeSlices.length
  }

  /** Octets held by tables and arrays, the slab not counted. */
  get octets(): number {
    return (
      this.#entries.octets +
      this.#slices.octets +
      this.#serviceAddresses.octets +
      this.#sliceAddresses.octets +
      this.#entryName.length * 16 +
      this.#sliceEntry.length * 12
    )
  }

  // Changing. Each call is a transaction: no query sees half of it.

  /** A Service is new or changed. `answers`: its ports or external name changed; `other`: something else did. */
  putService(namespace: string, name: string, fields: ServiceFields): Change {
    writeService(this.#record, fields)
    const label = nameOctets(name)
    const known = this.#namespaces.use(namespace)
    let entry = this.find(known, label, 0, label.length)
    if (entry < 0) entry = this.#newEntry(namespace, label)
    this.#namespaces.release(known)
    const old = this.#entryService[entry] as number
    let change: Change = 'added'
    if (old !== 0) {
      if (this.#isSame(old)) return this.#respell(fields, entry) ? 'other' : 'none'
      change = this.#tailDiffers(entry) ? 'answers' : 'other'
      this.#dropService(entry)
    }
    this.#entryService[entry] = this.#store()
    this.serviceCount++
    this.#indexService(fields, entry)
    return change
  }

  removeService(namespace: string, name: string): Change {
    const entry = this.#findByText(namespace, name)
    if (entry < 0 || this.#entryService[entry] === 0) return 'none'
    this.#dropService(entry)
    this.#entryService[entry] = 0
    this.#dropEntryIfEmpty(entry)
    return 'added'
  }

  /** A slice is new or changed; `service` is the name it is labelled with. */
  putSlice(slice: EndpointSlice, service: string, cluster: string): Change {
    writeSlice(this.#record, slice, cluster, this.#sliceOptions, this.#hasher)
    const objectName = nameOctets(slice.name)
    const known = this.#namespaces.use(slice.namespace)
    const label = nameOctets(service)
    let id = this.#findSlice(known, objectName)
    let change: Change = 'added'
    if (id >= 0) {
      const entry = this.#sliceEntry[id] as number
      if (this.#hasName(entry, label, 0, label.length)) {
        this.#namespaces.release(known)
        if (this.#isSame(this.#sliceRecord[id] as number)) return 'none'
        const old = this.loadSlice(id, this.#slice)
        this.#indexChange(old, this.#newSliceView(), id)
        this.#slab.free(this.#sliceRecord[id] as number, old.size)
        this.#sliceRecord[id] = this.#store()
        return 'answers'
      }
      this.#removeSlice(id, known)
      change = 'answers'
    }
    let entry = this.find(known, label, 0, label.length)
    if (entry < 0) entry = this.#newEntry(slice.namespace, label)
    this.#namespaces.release(known)
    id = this.#newSlice(entry)
    this.#slices.add(this.#sliceHash(known, objectName), id)
    this.#indexEndpoints(this.#newSliceView(), id)
    this.#sliceRecord[id] = this.#store()
    return change
  }

  removeSlice(namespace: string, name: string): Change {
    const label = Buffer.from(namespace, 'utf8')
    const known = this.#namespaces.find(label, 0, label.length)
    if (known < 0) return 'none'
    const id = this.#findSlice(known, nameOctets(name))
    if (id < 0) return 'none'
    this.#removeSlice(id, known)
    return 'added'
  }

  // Below: entries, slices, addresses.

  #findByText(namespace: string, name: string): number {
    const space = Buffer.from(namespace, 'utf8')
    const known = this.#namespaces.find(space, 0, space.length)
    const label = nameOctets(name)
    return known < 0 ? -1 : this.find(known, label, 0, label.length)
  }

  #hasName(entry: number, octets: Uint8Array, start: number, end: number): boolean {
    const ref = this.#entryName[entry] as number
    const name = this.#slab.octets(ref)
    const at = this.#slab.offset(ref)
    return sameOctets(name, at + 1, name[at] as number, octets, start, end - start)
  }

  #newEntry(namespace: string, label: Buffer): number {
    const entry = this.#freeEntries.pop() ?? this.#entryCount++
    if (entry === this.#entryName.length) {
      this.#entryNamespace = grown(this.#entryNamespace)
      this.#entryName = grown(this.#entryName)
      this.#entryService = grown(this.#entryService)
      this.#entrySlices = grown(this.#entrySlices)
    }
    const known = this.#namespaces.use(namespace)
    const length = Math.min(label.length, 255)
    const ref = this.#slab.allocate(length + 1)
    const octets = this.#slab.octets(ref)
    const at = this.#slab.offset(ref)
    octets[at] = length
    octets.set(label.subarray(0, length), at + 1)
    this.#entryNamespace[entry] = known
    this.#entryName[entry] = ref
    this.#entryService[entry] = 0
    this.#entrySlices[entry] = 0
    this.#entries.add(this.#hasher.hash(octets, at + 1, at + 1 + length, SERVICE_SALT + known), entry)
    return entry
  }

  #dropEntryIfEmpty(entry: number): void {
    if (this.#entryService[entry] !== 0 || this.#entrySlices[entry] !== 0) return
    const known = this.#entryNamespace[entry] as number
    const ref = this.#entryName[entry] as number
    const octets = this.#slab.octets(ref)
    const at = this.#slab.offset(ref)
    const length = octets[at] as number
    this.#entries.remove(this.#hasher.hash(octets, at + 1, at + 1 + length, SERVICE_SALT + known), entry)
    this.#slab.free(ref, length + 1)
    this.#entryName[entry] = 0
    this.#freeEntries.push(entry)
    this.#namespaces.release(known)
  }

  /** Puts the record under construction into the slab. */
  #store(): number {
    const { octets, length } = this.#record
    const ref = this.#slab.allocate(length)
    this.#slab.octets(ref).set(octets.subarray(0, length), this.#slab.offset(ref))
    return ref
  }

  #isSame(ref: number): boolean {
    const { octets, length } = this.#record
    const stored = this.#slab.octets(ref)
    const at = this.#slab.offset(ref)
    if (read32(stored, at) !== length) return false
    for (let i = 0; i < length; i++) if (stored[at + i] !== octets[i]) return false
    return true
  }

  /** Whether ports or external name of the record under construction differ from the entry's Service. */
  #tailDiffers(entry: number): boolean {
    const old = this.loadService(entry, this.#service)
    const from = old.ipv6At + old.ipv6Count * 16
    const end = old.at + read32(old.octets, old.at)
    const { octets, length } = this.#record
    const start = 10 + (octets[5] as number) * 4 + (octets[6] as number) * 16
    if (length - start !== end - from) return true
    for (let at = 0; from + at < end; at++) if (old.octets[from + at] !== octets[start + at]) return true
    return false
  }

  #dropService(entry: number): void {
    this.#unindexService(entry)
    const view = this.loadService(entry, this.#service)
    this.#slab.free(this.#entryService[entry] as number, read32(view.octets, view.at))
    this.serviceCount--
  }

  #indexService(fields: ServiceFields, entry: number): void {
    const addresses = new Set(fields.addresses.slice(0, ADDRESSES_MAX))
    for (const address of addresses) this.#indexServiceAddress(address, entry)
  }

  #unindexService(entry: number): void {
    const view = this.loadService(entry, this.#service)
    for (let i = 0; i < view.ipv4Count; i++)
      this.#unindex(this.#serviceAddresses, view.octets, view.ipv4At + i * 4, 4, entry)
    for (let i = 0; i < view.ipv6Count; i++)
      this.#unindex(this.#serviceAddresses, view.octets, view.ipv6At + i * 16, 16, entry)
  }

  /**
   * Indexes an unchanged Service again. Returns whether reverse lookups find more or fewer of its addresses now: its record
   * holds octets, and an address that was spelled oddly may be written canonically.
   */
  #respell(fields: ServiceFields, entry: number): boolean {
    const before = this.#serviceAddresses.size
    this.#unindexService(entry)
    this.#indexService(fields, entry)
    return this.#serviceAddresses.size !== before
  }

  #sliceHash(namespace: number, name: Uint8Array): number {
    return this.#hasher.hash(name, 0, name.length, SLICE_SALT + namespace)
  }

  #findSlice(namespace: number, name: Uint8Array): number {
    for (
      let node = this.#slices.first(this.#sliceHash(namespace, name));
      node !== 0;
      node = this.#slices.next(node)
    ) {
      const id = this.#slices.value(node)
      const view = this.loadSlice(id, this.#slice)
      const at = view.objectNameAt
      if (
        this.#entryNamespace[this.#sliceEntry[id] as number] === namespace &&
        sameOctets(view.octets, at, view.octets[at - 1] as number, name, 0, name.length)
      ) {
        return id
      }
    }
    return -1
  }

  #newSlice(entry: number): number {
    const id = this.#freeSlices.pop() ?? this.#sliceCount++
    if (id === this.#sliceEntry.length) {
      this.#sliceEntry = grown(this.#sliceEntry)
      this.#sliceRecord = grown(this.#sliceRecord)
      this.#sliceNext = grown(this.#sliceNext)
    }
    this.#sliceEntry[id] = entry
    this.#sliceNext[id] = this.#entrySlices[entry] as number
    this.#entrySlices[entry] = id + 1
    this.sliceObjectCount++
    return id
  }

  #removeSlice(id: number, namespace: number): void {
    const view = this.loadSlice(id, this.#slice)
    const nameAt = view.objectNameAt
    const name = view.octets.slice(nameAt, nameAt + (view.octets[nameAt - 1] as number))
    this.#slices.remove(this.#sliceHash(namespace, name), id)
    this.#dropSliceRecord(id)
    const entry = this.#sliceEntry[id] as number
    if (this.#entrySlices[entry] === id + 1) {
      this.#entrySlices[entry] = this.#sliceNext[id] as number
    } else {
      let before = this.firstSlice(entry)
      while (this.nextSlice(before) !== id) before = this.nextSlice(before)
      this.#sliceNext[before] = this.#sliceNext[id] as number
    }
    this.#freeSlices.push(id)
    this.sliceObjectCount--
    this.#dropEntryIfEmpty(entry)
  }

  #dropSliceRecord(id: number): void {
    const view = this.loadSlice(id, this.#slice)
    this.#unindexEndpoints(view, id)
    this.#slab.free(this.#sliceRecord[id] as number, view.size)
  }

  /** The record under construction, which is a slice's. */
  #newSliceView(): SliceView {
    return this.#newSliceRecord.load(this.#record.octets, 0)
  }

  #indexEndpoints(view: SliceView, id: number): void {
    view.rewindEndpoints()
    while (view.nextEndpoint()) this.#indexEndpoint(view, id)
  }

  #unindexEndpoints(view: SliceView, id: number): void {
    view.rewindEndpoints()
    while (view.nextEndpoint()) this.#unindexEndpoint(view, id)
  }

  /**
   * Takes a slice's addresses of before out and puts those of now in. Most of them are the same: endpoints are compared
   * pair by pair, from the first one that differs on counted from the end, and equal ones are left alone.
   */
  #indexChange(before: SliceView, now: SliceView, id: number): void {
    before.rewindEndpoints()
    now.rewindEndpoints()
    while (before.endpointsLeft > 0 && now.endpointsLeft > 0) {
      before.nextEndpoint()
      now.nextEndpoint()
      if (isSameAddress(before, now)) continue
      this.#unindexEndpoint(before, id)
      this.#indexEndpoint(now, id)
      while (before.endpointsLeft > now.endpointsLeft && before.nextEndpoint())
        this.#unindexEndpoint(before, id)
      while (now.endpointsLeft > before.endpointsLeft && now.nextEndpoint()) this.#indexEndpoint(now, id)
    }
    while (before.nextEndpoint()) this.#unindexEndpoint(before, id)
    while (now.nextEndpoint()) this.#indexEndpoint(now, id)
  }

  /** Reverse lookups go by text: an address that isn't written canonically is not found (kubernetes-records.md §10). */
  #indexEndpoint(view: SliceView, id: number): void {
    if (view.isCanonical)
      this.#sliceAddresses.add(this.#addressHash(view.octets, view.addressAt, view.family), id)
  }

  #unindexEndpoint(view: SliceView, id: number): void {
    if (view.isCanonical) this.#unindex(this.#sliceAddresses, view.octets, view.addressAt, view.family, id)
  }

  #indexServiceAddress(address: string, entry: number): void {
    const family = parseAddress(address)
    if (family === 0 || formatAddress(parsedAddress, 0, family) !== address) return
    this.#serviceAddresses.add(this.#addressHash(parsedAddress, 0, family), entry)
  }

  #unindex(table: HashTable, octets: Uint8Array, at: number, family: number, value: number): void {
    table.remove(this.#addressHash(octets, at, family), value)
  }

  #addressHash(octets: Uint8Array, at: number, family: number): number {
    return this.#hasher.hash(octets, at, at + family, ADDRESS_SALT)
  }
}

function isSameAddress(a: SliceView, b: SliceView): boolean {
  if (a.family !== b.family || a.isCanonical !== b.isCanonical) return false
  for (let at = 0; at < a.family; at++)
    if (a.octets[a.addressAt + at] !== b.octets[b.addressAt + at]) return false
  return true
}

/** A name as records hold it: 255 octets at most. The API allows 253, so nothing real is cut. */
function nameOctets(name: string): Buffer {
  return Buffer.from(name, 'utf8').subarray(0, 255)
}

// The label that an endpoint has below its Service (kubernetes-records.md §5).
import { formatIPv4, formatIPv6 } from '../../wire/address.ts'
import type { SliceView } from './slice-record.ts'

/** The endpoint name of the endpoint that a slice stands at. */
export function endpointLabel(slice: SliceView): Buffer {
  if (slice.labelLength === 0) return dashedAddress(slice)
  return Buffer.from(slice.octets.subarray(slice.labelAt, slice.labelAt + slice.labelLength))
}

/** The endpoint name that an address gives, where the slice holds none: the address with dashes. */
export function dashedAddress(slice: SliceView): Buffer {
  const { octets, addressAt, family } = slice
  if (family === 4) return Buffer.from(formatIPv4(octets, addressAt).replaceAll('.', '-'), 'latin1')
  const text = formatIPv6(octets, addressAt).replaceAll(':', '-')
  return Buffer.from(text.endsWith('-') ? `${text}0` : text, 'latin1')
}

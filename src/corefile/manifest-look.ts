// Tells a manifest from a Corefile; apart from `configmap.ts`, which needs the YAML reader.

/** Whether a file is a manifest and not a Corefile, in which none of this could stand at the start of a line. */
export function looksLikeManifest(text: string): boolean {
  if (/^\ufeff?\s*\{\s*"/.test(text)) return true
  const hasKey = (key: string): boolean => new RegExp(`^\ufeff?["']?${key}["']?:(?:\\s|$)`, 'm').test(text)
  return (hasKey('apiVersion') && hasKey('kind')) || (hasKey('data') && /^ +Corefile:\s/m.test(text))
}

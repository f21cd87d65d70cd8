// What is looked at inside the page. Each function runs there: it sees nothing of this file but itself.

/** Text that is hard to read: contrast below 4.5:1 (WCAG 2.2, 1.4.3) or letters below 10 px, by computed styles. */
export function hardToRead() {
  const channels = colour => (/rgba?\(([^)]*)\)/.exec(colour)?.[1] ?? '').split(/[ ,/]+/).map(Number)
  const luminance = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map(each => {
      const share = each / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const paperOf = element => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor)
      if (colour.length < 4 || colour[3] === 1) return colour
    }
    return [255, 255, 255]
  }
  const faults = []
  let texts = 0
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const seen = new Map()
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement
    if (node.data.trim() === '' || element.closest('script,style,title,desc') !== null) continue
    if (!element.checkVisibility()) continue
    texts++
    const style = getComputedStyle(element)
    const isDrawn = element instanceof SVGElement
    const colour = isDrawn ? style.fill : style.color
    const paper = paperOf(element)
    const scale = isDrawn ? element.getScreenCTM().a : 1
    const key = `${colour} ${paper} ${style.fontSize} ${scale.toFixed(2)}`
    if (seen.has(key)) continue
    seen.set(key, true)
    const [light, dark] = [luminance(channels(colour)), luminance(paper)].sort((a, b) => b - a)
    const contrast = (light + 0.05) / (dark + 0.05)
    const size = parseFloat(style.fontSize) * scale
    if (!(contrast >= 4.5) || !(size >= 10)) {
      faults.push(`${contrast.toFixed(2)}:1, ${size.toFixed(1)} px: ${node.data.trim().slice(0, 40)}`)
    }
  }
  return { texts, kinds: seen.size, faults }
}

/** Elements that stick out of the page to the right, and how wide all is. */
export function overflow() {
  const width = document.documentElement.clientWidth
  const out = [...document.body.querySelectorAll('*')].filter(
    each =>
      each.closest('.scroll,.shapes,.skip') === null &&
      each.checkVisibility() &&
      each.getBoundingClientRect().right > width + 0.5
  )
  const cut = [...document.querySelectorAll('svg[role=img] text')].filter(each => {
    const box = each.getBBox()
    const { x, y, width: wide, height } = each.ownerSVGElement.viewBox.baseVal
    return box.x < x || box.y < y || box.x + box.width > x + wide || box.y + box.height > y + height
  })
  out.push(...cut)
  return {
    width,
    scrollWidth: document.documentElement.scrollWidth,
    out: out.slice(0, 5).map(each => `${each.tagName} ${each.textContent.trim().slice(0, 40)}`)
  }
}

/** What has the focus: a number that tells elements apart, and whether it can be seen that it has it. */
export function focused() {
  const element = document.activeElement
  if (element === null || element === document.body) return null
  const style = getComputedStyle(element)
  const box = element.getBoundingClientRect()
  const region = element.closest('[role=region]')
  return {
    at: [...document.querySelectorAll('*')].indexOf(element),
    text: `${element.tagName} ${element.textContent.trim().slice(0, 40)}`,
    region: element === region ? [...document.querySelectorAll('[role=region]')].indexOf(region) : null,
    isSeen:
      (parseFloat(style.outlineWidth) >= 2 && style.outlineStyle !== 'none') || style.outlineStyle === 'auto',
    isOnPage: box.right > 0 && box.width > 0
  }
}

/** Things a keyboard must reach: links, summaries, fields, buttons, regions that scroll. */
export function reachable() {
  const all = [...document.querySelectorAll('*')]
  return [...document.querySelectorAll('a[href],button,input,summary,[tabindex="0"]')]
    .filter(each => each.checkVisibility())
    .map(each => ({ at: all.indexOf(each), text: `${each.tagName} ${each.textContent.trim().slice(0, 40)}` }))
}

/** Tables that stand in no region of their own. */
export const looseTables = () =>
  [...document.querySelectorAll('table')].filter(each => each.closest('[role=region][tabindex="0"]') === null)
    .length

/** Text that can be seen without any script: rows, and walks that are opened. */
export function readableText() {
  for (const each of document.querySelectorAll('details')) each.open = true
  const text = [...document.querySelectorAll('main section')].map(each => each.innerText).join('\n')
  return text.replace(/\s+/g, ' ')
}

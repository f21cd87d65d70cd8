// The style sheet of the report. Colours are comfort: everything they say is said by text or shape too.

/** Colours by what they are for. Text colours are read on each of the papers: the contrast of all pairs is tested. */
const INKS = {
  light: {
    ...{ page: '#fbfaf6', panel: '#ffffff', head: '#ece9e0', marked: '#fdeeea' },
    ...{ ink: '#1c1b19', soft: '#55514a', link: '#0b4f96', bad: '#9c1f18', good: '#17602f', warn: '#6f4a00' },
    ...{
      rule: '#c9c4b8',
      s0: '#0b4f96',
      s1: '#9c1f18',
      s2: '#17602f',
      s3: '#71359a',
      s4: '#6f4a00',
      s5: '#005f63'
    }
  },
  dark: {
    ...{ page: '#15171a', panel: '#1d2024', head: '#2a2e34', marked: '#3a2422' },
    ...{ ink: '#eceae6', soft: '#bab6ae', link: '#93c4ff', bad: '#ffa69d', good: '#8fdba5', warn: '#eec673' },
    ...{
      rule: '#4b5058',
      s0: '#93c4ff',
      s1: '#ffa69d',
      s2: '#8fdba5',
      s3: '#d8b8ff',
      s4: '#eec673',
      s5: '#82dcde'
    }
  }
}

/** Lines of a chart differ in colour, dashes and marker, each counted by itself: these are the colours. */
export const SERIES_COLOURS = 6

const variables = (inks: Readonly<Record<string, string>>): string =>
  Object.entries(inks)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(';')

const series = Array.from(
  { length: SERIES_COLOURS },
  (_, at) => `.c${at}{stroke:var(--s${at})}.f${at}{fill:var(--s${at})}`
).join('\n')

export const STYLE = `
:root{color-scheme:light dark;${variables(INKS.light)}}
@media (prefers-color-scheme:dark){:root{${variables(INKS.dark)}}}
@media print{:root{${variables(INKS.light)}}}
*{box-sizing:border-box}
html{font:1rem/1.5 system-ui,sans-serif;background:var(--page);color:var(--ink);-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:76rem;padding:0 1rem 4rem;overflow-wrap:anywhere}
.skip{position:absolute;left:-100rem;top:0;padding:.5rem 1rem;background:var(--panel)}
.skip:focus{left:0;z-index:1}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
h1{font-size:1.7rem;line-height:1.2;margin:1.5rem 0 .3rem}
h2{font-size:1.25rem;margin:2.5rem 0 .6rem;padding-top:.6rem;border-top:2px solid var(--ink)}
h3{font-size:1rem;margin:1.4rem 0 .3rem}
p,ul,ol,dl{margin:.4rem 0}
.soft,caption,dt{color:var(--soft)}
.name{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.92em;unicode-bidi:isolate}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;padding:0;list-style:none}
nav a,.name a{display:inline-block;padding:.15rem 0}
.verdicts{list-style:none;padding:0;display:grid;gap:.6rem}
.verdicts li{background:var(--panel);border:1px solid var(--rule);border-left:.4rem solid var(--good);padding:.6rem .8rem}
.verdicts .worse{border-left-color:var(--bad);border-left-style:double}
.verdicts strong{display:block}
dl{display:grid;grid-template-columns:minmax(7rem,auto) 1fr;gap:.25rem 1rem}
dd{margin:0;min-width:0}
@media (max-width:34rem){dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}}
.scroll{overflow-x:auto;background:var(--panel);border:1px solid var(--rule)}
.tall{max-height:34rem;overflow-y:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:.5rem .6rem}
th,td{padding:.3rem .6rem;text-align:left;vertical-align:top;border-top:1px solid var(--rule);overflow-wrap:normal;white-space:nowrap}
thead th{position:sticky;top:0;background:var(--head);vertical-align:bottom;white-space:normal;min-width:4.2rem}
tbody th{font-weight:600}
.n{text-align:right}
.names{white-space:normal;min-width:16rem;overflow-wrap:anywhere}
tr.breaks{background:var(--marked)}
tr:target{outline:3px solid var(--link);outline-offset:-3px}
.bad{color:var(--bad);font-weight:600}
.good{color:var(--good);font-weight:600}
.warn{color:var(--warn);font-weight:600}
thead button{all:unset;cursor:pointer;font-weight:600}
thead button::after{content:" \\2195";color:var(--soft)}
[aria-sort=ascending] button::after{content:" \\2191"}
[aria-sort=descending] button::after{content:" \\2193"}
thead button:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.tools{display:flex;flex-wrap:wrap;gap:.6rem;align-items:center;margin:.4rem 0}
.tools input,.tools button{font:inherit;color:var(--ink);background:var(--panel);border:1px solid var(--soft);padding:.35rem .6rem;max-width:100%}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:1rem}
figure{margin:0;background:var(--panel);border:1px solid var(--rule);padding:.6rem;max-width:36rem}
figcaption{font-weight:600;margin-bottom:.3rem}
svg{display:block;width:100%;height:auto}
svg text{fill:var(--ink);font:12px system-ui,sans-serif}
@media (max-width:30rem){svg text{font-size:15px}}
.soft-text{fill:var(--soft)!important}
.letter{font-weight:700!important}
.grid{stroke:var(--rule);stroke-width:1}
.line{fill:none;stroke-width:2}
.broken{stroke:var(--bad);stroke-width:2.5;fill:none}
${series}
.legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.3rem 1.4rem}
.legend li{display:flex;align-items:center;gap:.4rem}
.legend svg{width:48px;height:16px;flex:none}
details{background:var(--panel);border:1px solid var(--rule);margin:.5rem 0;padding:0 .8rem}
summary{padding:.5rem 0;cursor:pointer}
summary h3{display:inline;margin:0}
.walks{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr));gap:0 2rem;margin-bottom:.8rem}
.walk{min-width:0}
.walk>p{margin:.6rem 0 .3rem}
.steps{list-style:none;margin:0;padding:0}
.steps>li{position:relative;padding:0 0 .7rem 2rem}
.steps>li::before{content:"";position:absolute;left:.55rem;top:1.4rem;bottom:-.1rem;border-left:2px solid var(--rule)}
.steps>li:last-child::before{display:none}
.steps>li>svg{position:absolute;left:0;top:.15rem;width:1.2rem;height:1.2rem}
.added{color:var(--soft);border-bottom:1px dotted var(--soft)}
.replies{display:flex;flex-wrap:wrap;gap:.1rem .9rem;font-size:.9rem}
.ends{font-weight:600}
.shapes{position:absolute;width:0;height:0}
.shape{fill:none;stroke:currentColor;stroke-width:2}
.solid{fill:currentColor;stroke:currentColor}
footer{margin-top:3rem;border-top:1px solid var(--rule);color:var(--soft);font-size:.9rem}
@media (forced-colors:active){.line,.broken,.grid{stroke:CanvasText}svg text{fill:CanvasText!important}}
@media print{.scroll,.tall{overflow:visible;max-height:none}.tools,nav,.skip{display:none}thead th{position:static}}
`

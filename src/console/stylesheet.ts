import { createHash } from 'node:crypto'

/** One stylesheet for all pages: what browsers have of their own, one accent, light and dark. */
export const stylesheet = `
:root { color-scheme: light dark; --ink: #1b1f23; --quiet: #57606a; --paper: #fff; --raised: #f6f8fa;
  --line: #d0d7de; --accent: #0b5394; --on-accent: #fff; --wrong: #a40e26; --warn: #fff4d6; --warn-line: #b58900 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --quiet: #9aa4ae; --paper: #12161b; --raised: #1b2128;
  --line: #39424c; --accent: #7fb8f0; --on-accent: #0b1117; --wrong: #ff9a9a; --warn: #33290b; --warn-line: #c79a1e } }
* { box-sizing: border-box }
body { margin: 0; font: 1rem/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper) }
a { color: var(--accent) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
.skip { position: absolute; left: -100vw } .skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .5rem }
header, main, footer { max-width: 46rem; margin: 0 auto; padding: 1rem }
header { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; align-items: center; border-bottom: 1px solid var(--line) }
header .name { font-weight: 700; font-size: 1.1rem; text-decoration: none; color: var(--ink); margin-right: auto }
header a, header button { min-height: 44px; display: inline-flex; align-items: center }
footer { color: var(--quiet); font-size: .9rem; border-top: 1px solid var(--line); margin-top: 2rem }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 1rem 0 .75rem } h2 { font-size: 1.15rem; margin: 1.75rem 0 .5rem }
p { margin: .5rem 0 } .quiet { color: var(--quiet) } .narrow { max-width: 26rem }
form p { margin: 1rem 0 }
label { display: block; font-weight: 600 }
input[type=text], input[type=password], input[type=date], textarea { width: 100%; min-height: 44px; padding: .5rem .6rem;
  font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--quiet); border-radius: .35rem }
input[aria-invalid=true] { border-color: var(--wrong) }
button, .button { min-height: 44px; padding: .5rem 1.1rem; font: inherit; font-weight: 600; border-radius: .35rem; cursor: pointer;
  border: 1px solid var(--accent); color: var(--on-accent); background: var(--accent); text-decoration: none; display: inline-block }
button.second { color: var(--accent); background: transparent }
button.plain { border: 0; padding: 0; color: var(--accent); background: none; text-decoration: underline; font-weight: 400 }
.actions { display: flex; flex-wrap: wrap; gap: .75rem }
.hint { color: var(--quiet); font-size: .92rem; margin: .15rem 0 0 } .wrong { color: var(--wrong); font-weight: 600 }
.choice { display: flex; gap: .7rem; align-items: flex-start; padding: .55rem 0; border-bottom: 1px solid var(--line); min-height: 44px }
.choice input { width: 1.25rem; height: 1.25rem; margin-top: .15rem; flex: none } .choice label { font-weight: 400 }
.choice strong { display: block }
fieldset { border: 0; margin: 0; padding: 0 } legend { font-weight: 700; font-size: 1.15rem; padding: 0; margin-top: 1.5rem }
.card { background: var(--raised); border: 1px solid var(--line); border-radius: .5rem; padding: .25rem 1rem; margin: 1rem 0 }
.warning { background: var(--warn); border-color: var(--warn-line) }
.scroll { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid var(--line); vertical-align: middle }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .75rem 0 } dd { margin: 0 } dt { color: var(--quiet) }
code { font-size: .92em; overflow-wrap: anywhere }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr } dd { margin-bottom: .5rem } h1 { font-size: 1.35rem } }
`.trim()

const hash = createHash('sha256').update(stylesheet).digest('hex').slice(0, 16)

/** Changes with its content: it may be kept for ever. */
export const stylesheetPath = `/assets/coffre-${hash}.css`

// A headless Chromium driven over its DevTools protocol: as much of it as the checks of our own pages need.
import { spawn } from 'node:child_process'
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'chrome-headless-shell']
const ANSWER_MAX_MS = 60_000

/** Where a Chromium is, or undefined. */
export function chromiumProgram(environment) {
  const named = environment.CHROMIUM
  if (named !== undefined && named !== '') return named
  const folders = (environment.PATH ?? '').split(path.delimiter)
  return PROGRAMS.find(name => folders.some(folder => isProgram(path.join(folder, name))))
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export async function startChromium(program) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'labdns-browser-'))
  const child = spawn(
    program,
    [
      ...[
        '--headless=new',
        '--disable-gpu',
        '--no-first-run',
        '--hide-scrollbars',
        '--remote-debugging-port=0'
      ],
      ...[
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-proxy-server'
      ],
      // Chromium refuses root its sandbox; the pages are our own.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ...['--disable-dev-shm-usage', `--user-data-dir=${folder}`, 'about:blank']
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] }
  )
  const ended = new Promise(resolve => child.once('exit', resolve))
  const address = await new Promise((resolve, reject) => {
    let text = ''
    const timer = setTimeout(
      () => reject(new Error(`${program} did not start: ${text.slice(-400)}`)),
      ANSWER_MAX_MS
    )
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`${program} ended: ${text.slice(-400)}`)))
    child.stderr.on('data', chunk => {
      text += chunk
      const found = /DevTools listening on (ws:\S+)/.exec(text)
      if (found === null) return
      clearTimeout(timer)
      resolve(found[1])
    })
  })
  const connection = await Connection.open(address)
  return {
    newPage: () => Page.open(connection),
    async close() {
      connection.close()
      child.kill()
      await ended
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}

class Connection {
  #socket
  #last = 0
  #waiting = new Map()
  #listeners = []

  static async open(address) {
    const WebSocket = globalThis.WebSocket ?? (await import('ws')).default
    const connection = new Connection()
    const socket = new WebSocket(address)
    connection.#socket = socket
    await new Promise((resolve, reject) => {
      socket.onopen = resolve
      socket.onerror = reject
    })
    socket.onmessage = ({ data }) => connection.#take(JSON.parse(data))
    return connection
  }

  #take(message) {
    if (message.id === undefined) {
      for (const listener of this.#listeners) listener(message)
      return
    }
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (waiting === undefined) return
    clearTimeout(waiting.timer)
    if (message.error === undefined) waiting.resolve(message.result)
    else waiting.reject(new Error(`${waiting.method}: ${message.error.message}`))
  }

  send(method, params = {}, sessionId = undefined) {
    const id = ++this.#last
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method}: no answer`)), ANSWER_MAX_MS)
      this.#waiting.set(id, { resolve, reject, timer, method })
      this.#socket.send(JSON.stringify({ id, method, params, sessionId }))
    })
  }

  onEvent(listener) {
    this.#listeners.push(listener)
  }

  close() {
    this.#socket.close()
  }
}

/** A tab. `requests`, `complaints` and `dialogs` grow while it is used. */
class Page {
  #connection
  #session
  #loaded = () => undefined
  requests = []
  complaints = []
  dialogs = []

  static async open(connection) {
    const page = new Page()
    page.#connection = connection
    const { targetId } = await connection.send('Target.createTarget', { url: 'about:blank' })
    const { sessionId } = await connection.send('Target.attachToTarget', { targetId, flatten: true })
    page.#session = sessionId
    connection.onEvent(message => {
      if (message.sessionId === sessionId) page.#note(message)
    })
    for (const domain of ['Page', 'Runtime', 'Log', 'Network', 'Accessibility'])
      await page.send(`${domain}.enable`)
    return page
  }

  #note({ method, params }) {
    switch (method) {
      case 'Page.loadEventFired':
        this.#loaded()
        break
      case 'Page.javascriptDialogOpening':
        this.dialogs.push(params.message)
        void this.send('Page.handleJavaScriptDialog', { accept: false })
        break
      case 'Network.requestWillBeSent':
        this.requests.push(params.request.url)
        break
      case 'Runtime.exceptionThrown':
        this.complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text)
        break
      case 'Runtime.consoleAPICalled':
        this.complaints.push(
          `${params.type}: ${params.args.map(each => each.value ?? each.description).join(' ')}`
        )
        break
      case 'Log.entryAdded':
        this.complaints.push(`${params.entry.level}: ${params.entry.text}`)
        break
    }
  }

  send(method, params) {
    return this.#connection.send(method, params, this.#session)
  }

  async goTo(url) {
    const loaded = new Promise(resolve => (this.#loaded = resolve))
    await this.send('Page.navigate', { url })
    await loaded
  }

  /** `dark` or `light`; `isPhone` scales as phones do, by the page's own viewport. */
  async look({ width, height, scheme, isPhone = false }) {
    await this.send('Emulation.setDeviceMetricsOverride', {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: isPhone
    })
    await this.send('Emulation.setEmulatedMedia', {
      features: [{ name: 'prefers-color-scheme', value: scheme }]
    })
  }

  /** Runs a function in the page; its result must be plain data. */
  async run(task, ...args) {
    const expression = `(${task})(...${JSON.stringify(args)})`
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      returnByValue: true
    })
    if (exceptionDetails !== undefined)
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }

  /** A key pressed and let go: `Tab`, `Enter`, `ArrowRight`. */
  async press(key) {
    const codes = { Tab: 9, Enter: 13, ArrowRight: 39 }
    const event = { key, code: key, windowsVirtualKeyCode: codes[key] }
    await this.send('Input.dispatchKeyEvent', {
      ...event,
      type: 'keyDown',
      ...(key === 'Enter' ? { text: '\r' } : {})
    })
    await this.send('Input.dispatchKeyEvent', { ...event, type: 'keyUp' })
  }

  async type(text) {
    await this.send('Input.insertText', { text })
  }

  async screenshot(clip) {
    const { data } = await this.send('Page.captureScreenshot', {
      format: 'png',
      clip,
      captureBeyondViewport: true
    })
    return Buffer.from(data, 'base64')
  }
}

// Small programs for runtimes that have no command to look a name up: each prints {"error":…,"addresses":[…]}.
import { here, type Machine, type Outcome, type Output, type RealProgram, type Recipe } from './program.ts'

const COMPILE_MS = 120_000

/** What a probe printed; its last line is the result. */
export function readProbe({ exitCode, stdout, stderr }: Output): Outcome {
  try {
    const { error, addresses } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Partial<Outcome>
    if (Array.isArray(addresses))
      return { error: error ?? null, addresses: [...new Set(addresses.map(String))] }
  } catch {
    // Said below.
  }
  const [line = ''] = stderr.trim().split('\n').slice(-1)
  return { error: line === '' ? `exit ${exitCode}` : line.slice(0, 200), addresses: [] }
}

const NODE_LOOKUP = `
const [name, family] = process.argv.slice(1)
require('dns').lookup(name, { all: true, family: { unspec: 0, inet: 4, inet6: 6 }[family] }, (error, found) => {
  console.log(JSON.stringify({ error: error ? error.code : null, addresses: (found || []).map(each => each.address) }))
})`

const NODE_RESOLVE = `
const [name, family] = process.argv.slice(1)
require('dns')[family === 'inet6' ? 'resolve6' : 'resolve4'](name, (error, found) => {
  console.log(JSON.stringify({ error: error ? error.code : null, addresses: found || [] }))
})`

const PYTHON = `
import json, socket, sys
name, family = sys.argv[1:]
families = {'unspec': socket.AF_UNSPEC, 'inet': socket.AF_INET, 'inet6': socket.AF_INET6}
words = {getattr(socket, word): word for word in dir(socket) if word.startswith('EAI_')}
try:
    found = socket.getaddrinfo(name, None, families[family], socket.SOCK_STREAM)
    print(json.dumps({'error': None, 'addresses': [each[4][0] for each in found]}))
except socket.gaierror as error:
    print(json.dumps({'error': words.get(error.errno, str(error)), 'addresses': []}))
except UnicodeError:
    print(json.dumps({'error': 'UnicodeError', 'addresses': []}))
`

const JAVA = `
public class Probe {
  static String text(String value) { return '"' + value.replace("\\\\", "\\\\\\\\").replace("\\"", "\\\\\\"") + '"'; }
  public static void main(String[] words) {
    StringBuilder addresses = new StringBuilder();
    String error = "null";
    try {
      for (java.net.InetAddress each : java.net.InetAddress.getAllByName(words[0])) {
        addresses.append(addresses.length() == 0 ? "" : ",").append(text(each.getHostAddress()));
      }
    } catch (java.net.UnknownHostException exception) {
      error = text("UnknownHostException: " + exception.getMessage());
    }
    System.out.println("{\\"error\\":" + error + ",\\"addresses\\":[" + addresses + "]}");
  }
}
`

const GO = `package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
)

func main() {
	network := map[string]string{"unspec": "ip", "inet": "ip4", "inet6": "ip6"}[os.Args[2]]
	resolver := net.Resolver{PreferGo: true}
	found, err := resolver.LookupIP(context.Background(), network, os.Args[1])
	result := map[string]any{"error": nil, "addresses": found}
	if err != nil {
		word := err.Error()
		var dns *net.DNSError
		if errors.As(err, &dns) {
			word = dns.Err
		}
		result = map[string]any{"error": word, "addresses": []string{}}
	}
	json.NewEncoder(os.Stdout).Encode(result)
}
`

function nodeProgram({ node }: Machine, call: 'lookup' | 'resolve', script: string): RealProgram {
  const model = `node-20-${call}`
  return {
    resolver: here(`node-${node.version}-${call}`),
    // Where Node.js was built for musl, getaddrinfo is musl's.
    model: call === 'lookup' && node.glibc === undefined ? 'musl-1.2.5' : model,
    call:
      call === 'lookup'
        ? `dns.lookup() of Node.js ${node.version}`
        : `dns.resolve4() of Node.js ${node.version}`,
    command: (name, family) => [node.file, '-e', script, name, family],
    read: readProbe
  }
}

const node: Recipe = { word: 'node', find: machine => nodeProgram(machine, 'lookup', NODE_LOOKUP) }
const nodeResolve: Recipe = {
  word: 'node-resolve',
  find: machine => nodeProgram(machine, 'resolve', NODE_RESOLVE)
}

const python: Recipe = {
  word: 'python',
  find(machine) {
    // What stands in PATH may be a script that chooses a version; the program itself is faster.
    const said = machine.run([
      'python3',
      '-I',
      '-c',
      'import sys, platform; print(platform.python_version(), sys.executable)'
    ])
    const [, version, file] = /^(\d+\.\d+\.\d+) (\S+)/.exec(said?.stdout ?? '') ?? []
    if (version === undefined || file === undefined) return 'python3 is not installed'
    return {
      resolver: here(`python-${version}`),
      model: 'python-3.11',
      call: `socket.getaddrinfo() of Python ${version}`,
      command: (name, family) => [file, '-I', '-S', '-c', PYTHON, name, family],
      read: readProbe
    }
  }
}

const java: Recipe = {
  word: 'java',
  find(machine) {
    const said = machine.run(['java', '-version'])
    if (said === undefined) return 'java is not installed'
    const version = /version "([^"]+)"/.exec(`${said.stderr}${said.stdout}`)?.[1] ?? 'unknown'
    const source = machine.write('Probe.java', JAVA)
    const folder = source.slice(0, source.lastIndexOf('/'))
    const compiled = machine.run(['javac', '-d', folder, source], COMPILE_MS)
    if (compiled === undefined) return 'javac, which compiles the probe, is not installed'
    if (compiled.exitCode !== 0) return 'javac cannot compile the probe'
    return {
      resolver: here(`java-${version}`),
      model: 'java-17',
      call: `InetAddress.getAllByName() of Java ${version}`,
      command: name => ['java', '-Xshare:auto', '-XX:TieredStopAtLevel=1', '-cp', folder, 'Probe', name],
      read: readProbe
    }
  }
}

const go: Recipe = {
  word: 'go',
  find(machine) {
    const said = machine.run(['go', 'version'])
    if (said === undefined) return 'go, which compiles the probe, is not installed'
    const version = /go(\d[\w.]*)/.exec(said.stdout)?.[1] ?? 'unknown'
    const source = machine.write('probe.go', GO)
    const file = source.replace(/\.go$/, '')
    const compiled = machine.run(
      ['env', 'CGO_ENABLED=0', 'GOFLAGS=', 'GOTOOLCHAIN=local', 'go', 'build', '-o', file, source],
      COMPILE_MS
    )
    if (compiled?.exitCode !== 0) return 'go cannot compile the probe'
    return {
      resolver: here(`go-${version}`),
      model: 'go-1.24',
      call: `net.Resolver of Go ${version}, pure Go`,
      command: (name, family) => [file, name, family],
      read: readProbe
    }
  }
}

export const probes: readonly Recipe[] = [node, nodeResolve, python, java, go]

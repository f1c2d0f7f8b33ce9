import { resolve } from 'node:path'
import * as childProcess from 'node:child_process'
import * as fs from 'node:fs'
import * as fsPromises from 'node:fs/promises'
import * as streamPromises from 'node:stream/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { testEndpoint } from '../support/engine.js'
import { claimsOf, readSnippets, runSnippet } from './snippets.js'

const root = resolve(import.meta.dirname, '../..')
const snippets = await readSnippets(resolve(root, 'README.md'))

// As a user's shell would say it.
beforeAll(() => {
  process.env['DOCKER_HOST'] = testEndpoint()
})

describe('README', () => {
  test.each(snippets)('$title does what it says', async ({ code }) => {
    const modules = {
      '@anyon/containers': (await import(resolve(root, 'dist/index.js'))) as object,
      'node:child_process': childProcess,
      'node:fs': fs,
      'node:fs/promises': fsPromises,
      'node:stream/promises': streamPromises,
    }
    const printed = await runSnippet(code, modules)
    for (const { line, says } of claimsOf(code)) {
      expect((printed.get(line) ?? []).join(', '), `line ${line + 1}`).toBe(says)
    }
  })
})

import { expect, test } from 'vitest'
import { ContainersError } from '../../../src/errors/containers-error.js'
import { errorRules, ruleFor } from '../../../src/engine/dockerode/error-rules.js'
import { HttpError } from '../../../src/engine/dockerode/http-error.js'
import { toEngineError } from '../../../src/engine/dockerode/to-engine-error.js'
import { answers } from './answers.js'

const address = 'unix:///var/run/docker.sock'

test.each(answers)('%s: %o %i %s', (code, subject, status, text) => {
  const error = toEngineError(new HttpError(status, text, 'POST', '/x'), subject, address)
  expect(error).toBeInstanceOf(ContainersError)
  expect(error.code).toBe(code)
  expect(error.details).toMatchObject({ statusCode: status })
  expect(error.message).toContain(text)
  if (subject.name !== undefined) expect(error.message).toContain(`${subject.thing} "${subject.name}"`)
})

test('every rule that reads what the engine says has an answer of a real engine', () => {
  const used = answers.map(([, subject, status, text]) => ruleFor(subject, status, text))
  const unproven = errorRules.filter((rule) => rule.text !== undefined && !used.includes(rule))
  expect(unproven.map(({ code, text }) => `${code} ${String(text)}`)).toEqual([])
})

test.each([
  ['ECONNREFUSED', 'ENGINE_UNREACHABLE'],
  ['ENOENT', 'ENGINE_UNREACHABLE'],
  ['ECONNRESET', 'ENGINE_UNREACHABLE'],
  ['EACCES', 'ENGINE_PERMISSION_DENIED'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'TLS_INVALID'],
])('a connection that fails with %s is %s', (errno, code) => {
  const cause = Object.assign(new Error('it failed'), { code: errno })
  const error = toEngineError(cause, { thing: 'container', name: 'web', action: 'start' }, address)
  expect(error).toMatchObject({ code, cause })
  expect(error.message).toContain(`start container "web" at ${address}`)
})

test('an error of ours is left as it is', () => {
  const ours = new ContainersError('ABORTED', 'x')
  expect(toEngineError(ours, { thing: 'engine', action: 'reach' }, address)).toBe(ours)
})

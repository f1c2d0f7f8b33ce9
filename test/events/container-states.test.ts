import { expect, test } from 'vitest'
import { ContainerStates } from '../../src/events/container-states.js'

const at = (id: string, state: string) => ({ id, name: `name-${id}`, state })

test.each([
  ['created', 'running', ['start']],
  ['created', 'exited', ['start', 'die']],
  ['running', 'exited', ['die']],
  ['running', 'paused', ['pause']],
  ['paused', 'running', ['unpause']],
  ['paused', 'exited', ['die']],
  ['exited', 'running', ['start']],
  ['exited', 'dead', []],
  ['running', 'restarting', []],
  ['created', 'paused', ['start', 'pause']],
])('from %s to %s', (from, to, actions) => {
  const states = new ContainerStates()
  expect(states.resync([at('a', from)]).length).toBeGreaterThan(0)
  expect(states.resync([at('a', to)]).map(({ action }) => action)).toEqual(actions)
  expect(states.resync([at('a', to)])).toEqual([])
})

test('containers that came and went', () => {
  const states = new ContainerStates()
  states.resync([at('a', 'running'), at('b', 'created')])
  expect(states.resync([at('b', 'created'), at('c', 'running')])).toEqual([
    { id: 'a', action: 'destroy', name: 'name-a' },
    { id: 'c', action: 'create', name: 'name-c' },
    { id: 'c', action: 'start', name: 'name-c' },
  ])
})

test('what events told is no news', () => {
  const states = new ContainerStates()
  states.resync([at('a', 'created')])
  states.apply('start', 'a')
  states.apply('kill', 'a')
  states.apply('die', 'a')
  states.apply('create', 'b', 'name-b')
  states.apply('start', 'b')
  states.apply('destroy', 'a')
  expect(states.resync([at('b', 'running')])).toEqual([])
})

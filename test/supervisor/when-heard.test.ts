import { expect, test } from 'vitest'
import { whenHeard } from '../../src/supervisor/when-heard.js'
import { Peer } from './peer.js'

test('what was said before it was opened is said again, in front of what comes then', async () => {
  const peer = new Peer()
  const heard = whenHeard(peer)
  peer.say(Buffer.from('one '))
  peer.say(Buffer.from('two '))
  const transport = await heard
  const told: string[] = []
  transport.open({
    data: (bytes) => void told.push(Buffer.from(bytes).toString()),
    end: () => void told.push('end'),
  })
  await Promise.resolve()
  peer.say(Buffer.from('three'))
  peer.hangUp()
  expect(told).toEqual(['one ', 'two ', 'three', 'end'])
  transport.write([Buffer.from('answer')])
  transport.hold(true)
  transport.end()
  transport.destroy()
  expect([peer.writes.join(), peer.held, peer.ended, peer.destroyed]).toEqual(['answer', true, true, true])
})

test('an end that came before it was opened is told as well', async () => {
  const peer = new Peer()
  const heard = whenHeard(peer)
  peer.say(Buffer.from('one'))
  const transport = await heard
  peer.hangUp(new Error('cut'))
  const told: unknown[] = []
  transport.open({ data: () => void told.push('data'), end: (error) => void told.push(error?.message) })
  await Promise.resolve()
  expect(told).toEqual(['data', 'cut'])
})

test('one that ends without a word rejects', async () => {
  const peer = new Peer()
  const heard = whenHeard(peer)
  peer.hangUp()
  await expect(heard).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
})

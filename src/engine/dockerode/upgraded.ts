import { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { ContainersError } from '../../errors/containers-error.js'
import { describeSubject, type Subject } from './subject.js'

/** The connection after an upgrade. An answer without one is a one-way street: what we sent would go nowhere. */
export function upgraded(answer: Duplex | IncomingMessage, subject: Subject): Duplex {
  if (!(answer instanceof IncomingMessage)) return answer
  answer.destroy()
  throw new ContainersError(
    'ENGINE_PROTOCOL',
    `The engine did not upgrade the connection to ${subject.action} ${describeSubject(subject)}. ` +
      'Something between here and the engine may not let upgrades through.',
    { details: { statusCode: answer.statusCode } },
  )
}

import { invalidOption } from '../errors/invalid-option.js'

/**
 * Refuses what is chosen when a session is opened, and not for one of its commands.
 *
 * @throws `INVALID_OPTION`
 */
export function checkSessionCommand(options: object): void {
  if ('secrets' in options && options.secrets !== undefined) {
    const advice = 'What a shell is given, it may keep for the next command. Use the runner.'
    throw invalidOption('secrets', 'cannot be given to a command of a session', '', advice)
  }
  if ('detached' in options && options.detached === true) {
    const advice = 'The next command waits for the end of this one. Use the runner.'
    throw invalidOption('detached', 'cannot be true for a command of a session', true, advice)
  }
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined || !ofTheSession.has(option)) continue
    const advice = 'Open a session with it, or change it by a command: cd, export.'
    throw invalidOption(option, 'belongs to the session and cannot be given for one command', '', advice)
  }
}

const ofTheSession = new Set(['cwd', 'env', 'inheritEnv', 'user'])

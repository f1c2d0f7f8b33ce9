import type { ErrorCode } from '../../errors/error-code.js'
import type { Subject } from './subject.js'

/** When an answer means one of our codes. All that is given must hold; the first rule that fits decides. */
export interface ErrorRule {
  code: ErrorCode
  statuses?: readonly number[]
  things?: readonly Subject['thing'][]
  actions?: readonly string[]
  /** Only where status and endpoint cannot tell; each has a real engine's answer among the test fixtures. */
  text?: RegExp
  advice?: string
}

const bringUp = ['create', 'start', 'restart']
const archives = ['put files into', 'read files of', 'look at a path of']

export const errorRules: readonly ErrorRule[] = [
  {
    code: 'ENGINE_VERSION_UNSUPPORTED',
    statuses: [400],
    text: /client version [\d.]+ is too (new|old)/i,
    advice: 'Leave `apiVersion` out, or upgrade the engine.',
  },
  {
    code: 'PORT_TAKEN',
    actions: bringUp,
    text: /port is already allocated|address already in use|ports are not available/i,
    advice: 'Choose another host port, or none to have the engine pick a free one.',
  },
  {
    code: 'MOUNT_SOURCE_MISSING',
    actions: bringUp,
    text: /source path does not exist|error while creating mount source path|statfs .*: no such file/i,
    advice: 'Create the folder on the machine that the engine runs on.',
  },
  {
    code: 'NAME_TAKEN',
    statuses: [409, 500],
    actions: ['create'],
    text: /name .* is already in use/i,
    advice: 'Remove that container, or choose another name.',
  },
  {
    code: 'NAME_TAKEN',
    statuses: [409],
    things: ['network'],
    actions: ['create'],
    advice: 'Remove that network, or choose another name.',
  },
  {
    code: 'NETWORK_NOT_FOUND',
    statuses: [404],
    actions: bringUp,
    text: /network .*not found|no such network/i,
    advice: 'Create the network first.',
  },
  {
    code: 'IMAGE_NOT_FOUND',
    statuses: [404],
    actions: ['create'],
    text: /no such image|image not known|not found: manifest|manifest unknown/i,
    advice: 'Pull or build the image first.',
  },
  {
    code: 'NOT_SUPPORTED',
    actions: ['create', 'start'],
    text: /storage-opt is (only )?supported|storage-opt.*not supported|requires pquota/i,
    advice:
      'A disk limit needs an engine on xfs with project quotas; leave it out, or limit a tmpfs or a volume.',
  },
  { code: 'INVALID_OPTION', statuses: [400], actions: ['create'] },
  {
    code: 'NOT_SUPPORTED',
    actions: ['put files into'],
    text: /rootfs is marked read-only|read-only file ?system|mounted volume is marked read-only/i,
    advice: 'Write to a volume or a tmpfs of it instead.',
  },
  {
    code: 'PATH_NOT_FOUND',
    statuses: [400, 404, 500],
    actions: archives,
    text: /could not find the file|no such (file or )?directory|not a directory|no such container:path/i,
    advice: 'Look at the path; a folder to put files into must exist before.',
  },
  { code: 'CONTAINER_NOT_FOUND', statuses: [404], things: ['container'] },
  { code: 'CONTAINER_STATE', statuses: [409], things: ['container', 'exec'] },
  { code: 'START_FAILED', things: ['container'], actions: ['start', 'restart'] },
  {
    code: 'IMAGE_NOT_FOUND',
    actions: ['pull'],
    text: /manifest (for .* )?(unknown|not found)|pull access denied|repository does not exist|name unknown/i,
    advice: 'Look at the spelling, or log in to the registry.',
  },
  { code: 'INVALID_OPTION', statuses: [400], actions: ['pull'], text: /invalid reference format/i },
  { code: 'PULL_FAILED', actions: ['pull'] },
  { code: 'IMAGE_NOT_FOUND', statuses: [404], things: ['image'] },
  { code: 'NETWORK_NOT_FOUND', statuses: [404], things: ['network'] },
  { code: 'VOLUME_NOT_FOUND', statuses: [404], things: ['volume'] },
  { code: 'INVALID_OPTION', statuses: [400] },
]

/** The rule for an answer, if one fits. */
export function ruleFor(subject: Subject, statusCode: number, text: string): ErrorRule | undefined {
  return errorRules.find(
    (rule) =>
      (rule.statuses === undefined || rule.statuses.includes(statusCode)) &&
      (rule.things === undefined || rule.things.includes(subject.thing)) &&
      (rule.actions === undefined || rule.actions.includes(subject.action)) &&
      (rule.text === undefined || rule.text.test(text)),
  )
}

import type { ErrorCode } from '../../../src/errors/error-code.js'
import type { Subject } from '../../../src/engine/dockerode/subject.js'

const container = (action: string): Subject => ({ thing: 'container', name: 'web', action })
const archive = (action: string): Subject => ({ thing: 'container', name: 'web', action, path: '/no/such' })
const id = '7bc5dcc33453d6c01ec8e3bd49c4270592e7694d05d8b49b65c130ede5537208'

/** Answers of real engines (Docker 20.10 unless said), with what they mean. */
export const answers: readonly [meaning: ErrorCode, subject: Subject, status: number, text: string][] = [
  [
    'NAME_TAKEN',
    container('create'),
    409,
    `Conflict. The container name "/web" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.`,
  ],
  ['IMAGE_NOT_FOUND', container('create'), 404, 'No such image: no-such-image:9'],
  ['INVALID_OPTION', container('create'), 400, 'Minimum memory limit allowed is 6MB'],
  [
    'MOUNT_SOURCE_MISSING',
    container('create'),
    400,
    'invalid mount config for type "bind": bind source path does not exist: /no/such',
  ],
  [
    'INVALID_OPTION',
    container('create'),
    400,
    'Invalid container name (a b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed',
  ],
  ['INVALID_OPTION', container('create'), 400, 'Unknown runtime specified nope'],
  [
    'NOT_SUPPORTED',
    container('create'),
    500,
    "--storage-opt is supported only for overlay over xfs with 'pquota' mount option",
  ],
  ['NETWORK_NOT_FOUND', container('start'), 404, 'network no-such-net not found'],
  [
    'START_FAILED',
    container('start'),
    400,
    'failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/no/such": stat /no/such: no such file or directory: unknown',
  ],
  [
    'START_FAILED',
    container('start'),
    500,
    'unable to find user nobodyhere: no matching entries in passwd file',
  ],
  [
    'MOUNT_SOURCE_MISSING',
    container('start'),
    400,
    'invalid mount config for type "bind": bind source path does not exist: /tmp/source',
  ],
  [
    'PORT_TAKEN',
    container('start'),
    500,
    `driver failed programming external connectivity on endpoint web (${id}): Error starting userland proxy: listen tcp4 127.0.0.1:18999: bind: address already in use`,
  ],
  [
    'PORT_TAKEN',
    container('start'),
    500,
    `driver failed programming external connectivity on endpoint web (${id}): Bind for 127.0.0.1:18997 failed: port is already allocated`,
  ],
  ['CONTAINER_STATE', container('start'), 409, 'cannot start a paused container, try unpause instead'],
  ['CONTAINER_STATE', container('kill'), 409, `Cannot kill container: web: Container ${id} is not running`],
  ['CONTAINER_STATE', container('pause'), 409, `Container ${id} is already paused`],
  [
    'CONTAINER_STATE',
    container('remove'),
    409,
    `You cannot remove a running container ${id}. Stop the container before attempting removal or force remove`,
  ],
  [
    'CONTAINER_STATE',
    container('create an exec in'),
    409,
    'Container web is paused, unpause the container before exec',
  ],
  ['CONTAINER_NOT_FOUND', container('start'), 404, 'No such container: web'],
  ['CONTAINER_NOT_FOUND', archive('put files into'), 404, 'No such container: web'],
  ['PATH_NOT_FOUND', archive('put files into'), 404, 'Could not find the file /no/such in container web'],
  ['PATH_NOT_FOUND', archive('read files of'), 404, 'Could not find the file /no/such in container web'],
  ['PATH_NOT_FOUND', archive('put files into'), 500, 'extraction point is not a directory'],
  ['NOT_SUPPORTED', archive('put files into'), 500, 'container rootfs is marked read-only'],
  ['ENGINE_ERROR', { thing: 'exec', name: 'abc', action: 'start' }, 404, 'No such exec instance: abc'],
  [
    'IMAGE_NOT_FOUND',
    { thing: 'image', name: 'nope', action: 'inspect' },
    404,
    'no such image: nope: No such image: nope:latest',
  ],
  [
    'ENGINE_ERROR',
    { thing: 'image', name: 'busybox', action: 'remove' },
    409,
    'conflict: unable to remove repository reference "busybox:latest" (must force) - container 7bc5dcc33453 is using its referenced image 9d9936c1d01a',
  ],
  ['NETWORK_NOT_FOUND', { thing: 'network', name: 'nope', action: 'inspect' }, 404, 'network nope not found'],
  [
    'NAME_TAKEN',
    { thing: 'network', name: 'n', action: 'create' },
    409,
    'network with name n already exists',
  ],
  ['VOLUME_NOT_FOUND', { thing: 'volume', name: 'nope', action: 'inspect' }, 404, 'get nope: no such volume'],
  [
    'ENGINE_ERROR',
    { thing: 'volume', name: 'v', action: 'remove' },
    409,
    `remove v: volume is in use - [${id}]`,
  ],
  [
    'PULL_FAILED',
    { thing: 'image', name: '127.0.0.1:1/none', action: 'pull' },
    500,
    'Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused',
  ],
  [
    'IMAGE_NOT_FOUND',
    { thing: 'image', name: 'nope', action: 'pull' },
    404,
    "pull access denied for nope, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
  ],
  [
    'IMAGE_NOT_FOUND',
    { thing: 'image', name: 'debian:nope', action: 'pull' },
    404,
    'manifest for debian:nope not found: manifest unknown: manifest unknown',
  ],
  ['INVALID_OPTION', { thing: 'image', name: 'a b', action: 'pull' }, 400, 'invalid reference format'],
  [
    'ENGINE_VERSION_UNSUPPORTED',
    { thing: 'engine', action: 'ask for the state of' },
    400,
    'client version 1.99 is too new. Maximum supported API version is 1.41',
  ],
  [
    'ENGINE_VERSION_UNSUPPORTED',
    { thing: 'engine', action: 'ask for the state of' },
    400,
    'client version 1.2 is too old. Minimum supported API version is 1.12, please upgrade your client to a newer version',
  ],
]

/**
 * Every `code` that a {@link ContainersError} can carry, with whether trying the same call again can help.
 * Match on the code, never on the message: messages may change in any release.
 */
export const errorCodes = {
  /** An option or argument breaks a rule; nothing was touched. */
  INVALID_OPTION: { retryable: false },
  /** No engine answered; `details.tried` lists every place and why it failed. */
  ENGINE_NOT_FOUND: { retryable: true },
  /** The engine did not answer, or the connection to it was lost. */
  ENGINE_UNREACHABLE: { retryable: true },
  /** The socket of the engine may not be opened by this user. */
  ENGINE_PERMISSION_DENIED: { retryable: false },
  /** The engine speaks no API version that this library speaks. */
  ENGINE_VERSION_UNSUPPORTED: { retryable: false },
  /** A TLS file is missing or unreadable, or the peer was refused. */
  TLS_INVALID: { retryable: false },
  /** The docker context does not exist or cannot be read. */
  CONTEXT_NOT_FOUND: { retryable: false },
  /** The engine answered with an error that has no code of its own here; `details.statusCode` has its status. */
  ENGINE_ERROR: { retryable: false },
  /** The engine's answer, or its stream, is not what its API promises. */
  ENGINE_PROTOCOL: { retryable: false },
  /** The harness, runner or handle was closed. */
  CLOSED: { retryable: false },
  /** The `signal` given to the call was aborted; `cause` is its reason. */
  ABORTED: { retryable: false },
  /** The call's own deadline passed. */
  DEADLINE_EXCEEDED: { retryable: true },
  CONTAINER_NOT_FOUND: { retryable: false },
  /** The name is taken by another container. */
  NAME_TAKEN: { retryable: false },
  /** The container is not in a state that allows the call (stopped, paused, restarting…). */
  CONTAINER_STATE: { retryable: false },
  /** The container could not be started; the engine's reason is in the message. */
  START_FAILED: { retryable: false },
  /** The host port is in use. */
  PORT_TAKEN: { retryable: true },
  /** The container does not publish that port. */
  PORT_NOT_PUBLISHED: { retryable: false },
  /** The source folder of a mount does not exist on the engine's machine. */
  MOUNT_SOURCE_MISSING: { retryable: false },
  /** Neither the engine's wait, inspect nor events could tell how the container ended. */
  EXIT_UNKNOWN: { retryable: false },
  IMAGE_NOT_FOUND: { retryable: false },
  PULL_FAILED: { retryable: true },
  /** A step of a build failed; `details.step` names it and `details.log` has its last lines. */
  BUILD_FAILED: { retryable: false },
  NETWORK_NOT_FOUND: { retryable: false },
  VOLUME_NOT_FOUND: { retryable: false },
  /** A path in the container, or on the host, does not exist. */
  PATH_NOT_FOUND: { retryable: false },
  /** Something has the name already. */
  PATH_EXISTS: { retryable: false },
  /** The user has no right to it, or it lies on a file system that is read-only; `details.errno` tells. */
  PATH_DENIED: { retryable: false },
  /** A folder where a file is needed, or the other way round, or neither, such as a device. */
  PATH_WRONG_TYPE: { retryable: false },
  FOLDER_NOT_EMPTY: { retryable: false },
  /** The file system, or the user's share of it, is full. */
  NO_SPACE: { retryable: true },
  /** The file has more bytes than `maxBytes` allows. */
  FILE_TOO_LARGE: { retryable: false },
  /** The system refused something about a file that has no code of its own here; `details.errno` tells what. */
  FILE_FAILED: { retryable: false },
  /** An archive holds an entry that would leave the target folder. */
  ARCHIVE_UNSAFE: { retryable: false },
  ARCHIVE_INVALID: { retryable: false },
  /** A stream ended in mid-frame, or broke its limits. */
  STREAM_INVALID: { retryable: false },
  /** The command never ran; `details` has the stage and the system's error. */
  SPAWN_FAILED: { retryable: false },
  /** No command of that id runs or is kept in the place. */
  COMMAND_NOT_FOUND: { retryable: false },
  /** Another command has that id. */
  COMMAND_ID_TAKEN: { retryable: false },
  /** The command still runs; kill it first. */
  COMMAND_RUNNING: { retryable: false },
  /** A policy refused the command, and nothing was run; `details.rule` names the rule. */
  COMMAND_REFUSED: { retryable: false },
  /** `run({ check: true })` and the command did not succeed. */
  COMMAND_FAILED: { retryable: false },
  /** The command has ended, and it would have to run for this; `details.exit` of a wait is its exit. */
  COMMAND_ENDED: { retryable: false },
  /** The output of a command could not be recorded to its end; the command itself is not touched by that. */
  RECORDING_FAILED: { retryable: false },
  /** The secret store has no secret of that name. */
  SECRET_NOT_FOUND: { retryable: false },
  /** The secret store threw, broke its contract, or its file cannot be read or opened with this key. */
  SECRET_STORE_FAILED: { retryable: true },
  /** The value breaks a rule (empty, too short to be masked, not text where text is needed); it is never shown. */
  SECRET_INVALID: { retryable: false },
  /** The secret's `expiresAt` has passed. */
  SECRET_EXPIRED: { retryable: false },
  /** The store has another value by now than a detached command was given, whose output cannot be masked with it. */
  SECRET_CHANGED: { retryable: false },
  /** Secrets could not be brought to where the command runs: no tmpfs, one that is full. Nothing was started. */
  SECRET_DELIVERY_FAILED: { retryable: false },
  /** There is no supervisor for the architecture or place. */
  SUPERVISOR_UNAVAILABLE: { retryable: false },
  /** The supervisor could not be brought into the container, or did not start there. */
  SUPERVISOR_DELIVERY_FAILED: { retryable: true },
  /** The supervisor's answer breaks the protocol, or is of a version that this library does not speak. */
  SUPERVISOR_PROTOCOL: { retryable: false },
  /** The connection to the supervisor was lost. */
  CONNECTION_LOST: { retryable: true },
  /** The place cannot do it; the message names the way that can. */
  NOT_SUPPORTED: { retryable: false },
} as const satisfies Record<string, { retryable: boolean }>

/** A literal code of a {@link ContainersError}. */
export type ErrorCode = keyof typeof errorCodes

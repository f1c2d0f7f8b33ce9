// What most programs use.
export { DockerHarness } from './harness/docker-harness.js'
export { Container } from './harness/container.js'
export { DockerRunner } from './runners/docker-runner.js'
export { HostRunner } from './runners/host/host-runner.js'
export { ForwardingRunner } from './command/forwarding-runner.js'
export { shell } from './command/shell.js'
export { uniqueName } from './model/unique-name.js'
export { succeeded, wasSignaled } from './model/container-exit.js'
export { ContainersError, isContainersError } from './errors/containers-error.js'
export { CommandFailedError } from './command/command-failed-error.js'
export { SpawnError } from './command/spawn-error.js'
export { policedRunner } from './policy/policed-runner.js'
export { rulePolicy } from './policy/rule-policy.js'
export { CommandRefusedError } from './policy/command-refused-error.js'
export { MemoryMessageStore } from './messages/memory-message-store.js'
export { secretEnv, secretEnvFile, secretFile, secretJson } from './secrets/secret-uses.js'
export { gitCredential } from './secrets/git-credential.js'
export { claudeCredential } from './secrets/claude-credential.js'
export { SecretInjector } from './runners/secrets/secret-injector.js'
export { claudeCodeSpawner } from './agent-sdk/claude-code-spawner.js'

// Connecting, and what a harness is given and gives.
export type { ConnectOptions, Environment, TlsOptions } from './engine/endpoint/connect-options.js'
export type { HarnessOptions } from './harness/docker-harness.js'
export type { SignalOptions } from './harness/container.js'
export type { ContainerInit, ContainerLimits, CreateOptions, TmpfsOptions } from './harness/create-options.js'
export type { ContainerLease } from './harness/container-lease.js'
export type { Attachment, AttachOptions } from './harness/attachment.js'
export type { PublishedAddress } from './harness/published-address.js'
export type { EnforcedLimit, EnforcedLimits } from './harness/enforced-limits.js'
export type { LimitValue } from './harness/cgroup-files.js'
export type { DoctorReport, Finding } from './harness/doctor-report.js'
export type { EventsOptions } from './harness/watch-events.js'
export type { EngineOccurrence, EventGap, HarnessEvent } from './events/engine-occurrence.js'
export type { HarnessEvents } from './events/event-map.js'
export type { EventPayloads, EventSource } from './events/safe-emitter.js'
export type {
  ContainerEnded,
  ContainerExit,
  ContainerExited,
  ContainerExitFacts,
  ContainerExitReason,
  ContainerExitSource,
  ContainerOutOfMemory,
  ContainerSignaled,
  ContainerStopRequest,
} from './model/container-exit.js'
export type { TerminalSize } from './model/terminal-size.js'
export { signalNumbers, type SignalName } from './model/signal.js'

// Images.
export type { Images } from './images/images.js'
export type {
  BuildOptions,
  BuildProgress,
  BuildSource,
  EnsureOptions,
  ImageProgress,
  PullOptions,
  PullPolicy,
  PullProgress,
  RegistryAuth,
} from './images/image-options.js'

// Logs, files, execs.
export type { ContainerLogs } from './logs/open-logs.js'
export type { LogOptions } from './logs/log-options.js'
export type { LogChunk, LogGap, LogLine, LogStream } from './logs/log-entry.js'
export type { UploadOptions, UploadSource } from './archives/upload.js'
export type { UploadEntry } from './archives/pack-entries.js'
export type { EntryOwner } from './archives/pack-folder.js'
export type { DownloadOptions } from './archives/download.js'
export type { Files } from './files/files.js'
export type { FileWatch } from './files/file-watch.js'
export type {
  FileChange,
  FileContent,
  FileEntry,
  FileOptions,
  FilePath,
  FileToWrite,
  FileType,
  MkdirOptions,
  MoveOptions,
  ReadOptions as FileReadOptions,
  StatOptions,
  StreamOptions as FileStreamOptions,
  TreeOptions,
  WriteFileOptions,
  WriteOptions,
} from './files/file-types.js'
export type { ContainerExec } from './exec/exec-in-container.js'
export type { ExecOptions } from './exec/exec-options.js'

// Commands.
export type { ByteReadable, StreamGap } from './streaming/byte-readable.js'
export type { CommandRunner, RunnerCapabilities } from './command/command-runner.js'
export type { Command, OutputLine } from './command/command.js'
export type {
  NotInSessions,
  Session,
  SessionOptions,
  SessionRunOptions,
  SessionShell,
  SessionSpawnOptions,
} from './command/session.js'
export type { AttachCommandOptions, KeptBytes, ListedCommand, SpoolOptions } from './command/detached.js'
export type { CommandResult } from './command/command-result.js'
export type {
  KillOptions,
  OutputOptions,
  RunOptions,
  SpawnOptions,
  StdinSource,
  WaitForLogOptions,
  WaitForPortOptions,
} from './command/command-options.js'
export type {
  CommandExit,
  CommandExitEvidence,
  CommandExitReason,
  DescendantsReport,
} from './command/command-exit.js'
export type { SpawnStage } from './command/spawn-error.js'
export type { DockerRunnerOptions } from './runners/docker-runner.js'
export type { HostRunnerOptions } from './runners/host/host-runner.js'
export type { HostOptions } from './runners/host/host-place.js'
export type { SupervisedRunnerOptions } from './runners/supervised-options.js'
export type { TimeoutBounds } from './command/spawn-plan.js'

// Policy: which commands may run.
export type { CommandPolicy, PolicedCommand, PolicyDecision } from './policy/command-policy.js'
export type { CommandRule } from './policy/command-rule.js'
export type { PolicyQuestion, RulePolicyOptions } from './policy/rule-policy.js'
export type { RefusalCause } from './policy/command-refused-error.js'

// Messages: the output of commands, kept.
export type {
  EndMessage,
  Message,
  MessageGap,
  MessageStore,
  OutputMessage,
  StoredMessage,
} from './ports/message-store.js'
export type { MemoryMessageStoreOptions, ReadOptions } from './messages/memory-message-store.js'
export type { Recording, RecordingReport, RecordOptions } from './command/recording.js'

// The Claude Agent SDK.
export type { ClaudeCodeSpawnerOptions, ClaudeSpawnRequest } from './agent-sdk/claude-code-spawner.js'
export type { ClaudeProcess, ErrorListener, ExitListener } from './agent-sdk/claude-process.js'

// Secrets.
export { isSecret, Secret, type SecretOptions } from './model/secret.js'
export type { SecretsEnd } from './model/secrets-end.js'
export type { SecretStore } from './ports/secret-store.js'
export type { SecretFileOptions } from './secrets/secret-uses.js'
export type { GitCredentialOptions } from './secrets/git-credential.js'
export type { ClaudeCredentialKind, ClaudeCredentialOptions } from './secrets/claude-credential.js'
export type {
  SecretCondition,
  SecretEnvPart,
  SecretFilePart,
  SecretPiece,
  SecretUse,
} from './model/secret-use.js'
export type { SecretEvent, SecretEvents } from './events/secret-events.js'
export type {
  ContainerRef,
  DestructionReport,
  SecretInjectorOptions,
} from './runners/secrets/secret-injector.js'
export type { DeliveredSecrets } from './runners/secrets/delivered-secrets.js'
export { MemorySecretStore } from './secrets/memory-secret-store.js'
export {
  EnvironmentSecretStore,
  type EnvironmentSecretStoreOptions,
} from './secrets/environment-secret-store.js'
export { FileSecretStore, type FileSecretStoreOptions } from './secrets/file-secret-store.js'

// Errors.
export { errorCodes, type ErrorCode } from './errors/error-code.js'
export type { ContainersErrorOptions } from './errors/containers-error.js'

// The engine underneath, for what the rest has no word for.
export type {
  ArmedWait,
  CallOptions as EngineCallOptions,
  ContainerEngine,
} from './engine/container-engine.js'
export type {
  ArchiveStat,
  BuildRequest,
  ContainerInspection,
  ContainerSummary,
  CreateRequest,
  EngineEvent,
  EngineInfo,
  EngineVersion,
  EventFilters,
  ExecInspection,
  ExecRequest,
  ImageInspection,
  LogRequest,
  MountRequest,
  NetworkInspection,
  NetworkRequest,
  PortRequest,
  ProgressMessage,
  VolumeInspection,
} from './engine/engine-types.js'

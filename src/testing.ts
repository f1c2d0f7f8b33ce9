/** Cases that a host can run against its own implementation of a port; they need no test framework. */
export { messageStoreCases, type MessageStoreCase } from './messages/message-store-cases.js'
export type { SecretCase, SecretCaseOptions } from './testing/secret-case.js'
export { secretCases } from './testing/secret-cases.js'
export { secretStoreCases, type SecretStoreCase } from './secrets/secret-store-cases.js'
export { runnerCases } from './testing/runner-cases.js'
export type { CaseSizes, RunnerAbility, RunnerCase } from './testing/runner-case.js'

import { EventEmitter } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import type { Command } from '../command/command.js'
import type { CommandExit } from '../command/command-exit.js'
import { ContainersError } from '../errors/containers-error.js'
import { signalNumbers, type SignalName } from '../model/signal.js'

/** Told how the process ended: a code, or a signal. */
export type ExitListener = (code: number | null, signal: NodeJS.Signals | null) => void
/** Told why the process could not be started. */
export type ErrorListener = (error: Error) => void

/** A running Claude Code as the Claude Agent SDK wants to see one: its `SpawnedProcess`. */
export interface ClaudeProcess {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly killed: boolean
  readonly exitCode: number | null
  readonly signalCode: NodeJS.Signals | null
  /** The whole process tree; whatever outlives the signal is killed after the command's grace. */
  kill(signal: NodeJS.Signals): boolean
  on(event: 'exit', listener: ExitListener): void
  on(event: 'error', listener: ErrorListener): void
  once(event: 'exit', listener: ExitListener): void
  once(event: 'error', listener: ErrorListener): void
  off(event: 'exit', listener: ExitListener): void
  off(event: 'error', listener: ErrorListener): void
}

/** A command in the clothes of a child process. */
export function claudeProcess(command: Command): ClaudeProcess {
  return new CommandProcess(command)
}

class CommandProcess implements ClaudeProcess {
  readonly stdin: Writable
  readonly stdout: Readable
  killed = false
  exitCode: number | null = null
  signalCode: NodeJS.Signals | null = null
  private readonly events = new EventEmitter()
  private isOver = false

  constructor(private readonly command: Command) {
    this.stdin = command.stdin
    this.stdout = command.stdout
    void this.watch()
  }

  kill(signal: NodeJS.Signals): boolean {
    if (this.isOver || !isKnown(signal)) return false
    this.killed = true
    this.command.kill({ signal, ...(signal === 'SIGKILL' && { graceMs: 0 }) }).catch(() => {})
    return true
  }

  on(event: 'exit' | 'error', listener: ExitListener | ErrorListener): void {
    this.events.on(event, listener)
  }

  once(event: 'exit' | 'error', listener: ExitListener | ErrorListener): void {
    this.events.once(event, listener)
  }

  off(event: 'exit' | 'error', listener: ExitListener | ErrorListener): void {
    this.events.off(event, listener)
  }

  private async watch(): Promise<void> {
    const neverRan = await this.command.started.then(
      () => undefined,
      (error: Error) => error,
    )
    const exit = await this.command.exit
    this.isOver = true
    this.exitCode = exit.code ?? null
    this.signalCode = (exit.signal as NodeJS.Signals | undefined) ?? null
    // An exit with neither would pass for a success.
    const problem = neverRan ?? unseenEnd(exit)
    if (problem && this.events.listenerCount('error') > 0) this.events.emit('error', problem)
    this.events.emit('exit', this.exitCode, this.signalCode)
  }
}

function unseenEnd({ code, signal, reason, explanation = '' }: CommandExit): Error | undefined {
  if (code !== undefined || signal !== undefined) return undefined
  return new ContainersError(
    'CONNECTION_LOST',
    `How Claude Code ended is not known (${reason}). ${explanation}`,
  )
}

function isKnown(signal: string): signal is SignalName {
  return Object.hasOwn(signalNumbers, signal)
}

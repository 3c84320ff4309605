/** Exit codes docker's users script against. */
export const EXIT_ENGINE_ERROR = 125;
export const EXIT_NOT_EXECUTABLE = 126;
export const EXIT_NOT_FOUND = 127;
/** Plus the signal's number: ended by it. */
export const EXIT_SIGNAL_BASE = 128;

/** The command line could not be understood: the message, the usage line and a pointer to the help; exit code 125. */
export class UsageError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'UsageError';
  }
}

/** The wrong number of arguments: as {@link UsageError}, but exit code 1. */
export class ArgumentError extends Error {
  /** docker says `See` for some rules and `Run` for others. */
  readonly pointer: 'See' | 'Run';

  constructor(message: string, pointer: 'See' | 'Run') {
    super(message);
    this.name = 'ArgumentError';
    this.pointer = pointer;
  }
}

/** Ends the program with `code`; an empty message prints nothing. */
export class ExitError extends Error {
  readonly code: number;

  constructor(code: number, message = '', options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ExitError';
    this.code = code;
  }
}

/** What commands say whose only purpose was the terminal that the user has just left. */
export const DETACHED = 'read escape sequence';

import { EngineError } from '../base/errors.ts';
import { asFd, closeFd, type Fd } from './fd.ts';
import { inNetworkNamespace } from './namespaces.ts';
import { attributeMap, decodeMessages, encodeMessage, type Message, textOf } from './netlink-codec.ts';
import { SyscallError, syscall } from './syscall.ts';

/*
 * Netlink sockets (netlink(7)). The kernel has answered when send returns, so nothing here ever waits for an answer.
 */

const sysSocket = syscall('socket', 'int', 'int', 'int');
const sysBind = syscall('bind', 'int', 'bytes', 'int');
const sysSetsockopt = syscall('setsockopt', 'int', 'int', 'int', 'bytes', 'int');
const sysSendto = syscall('sendto', 'int', 'bytes', 'long', 'int', 'bytes', 'int');
const sysRecvfrom = syscall('recvfrom', 'int', 'bytes', 'long', 'int', 'bytes', 'bytes');

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLMSGERR_ATTR_MSG = 1;

export const NETLINK_ROUTE = 0;

const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
const NLM_F_DUMP_INTR = 0x10;
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;
const NLM_F_DUMP = 0x300;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;

/** A message to send; the socket numbers it. `what` names it in errors: `newlink veth0`. */
export interface Request {
  readonly what: string;
  readonly type: number;
  /** Besides NLM_F_REQUEST. */
  readonly flags: number;
  readonly payload: Buffer;
}

/** Tables that change while they are listed are listed again, this often at most. */
const DUMP_ATTEMPTS = 16;
const RECEIVE_SIZE = 1 << 18;

/** One conversation with the kernel about the network namespace the socket was opened in. */
export class NetlinkSocket implements Disposable {
  readonly #fd: Fd;
  readonly #buffer = Buffer.alloc(RECEIVE_SIZE);
  #sequence = 0;
  #busy = false;

  /** Takes the descriptor of a bound socket over. */
  constructor(fd: Fd) {
    this.#fd = fd;
  }

  /** Has the kernel carry out one request. Throws {@link SyscallError} with the kernel's explanation. */
  execute(request: Request): void {
    this.executeAll([{ ...request, flags: request.flags | NLM_F_ACK }]);
  }

  /**
   * Sends requests in one datagram, which nfnetlink takes as a transaction. Those with NLM_F_ACK are waited for; the first
   * failure of any is thrown.
   */
  executeAll(requests: readonly Request[]): void {
    const messages = this.#number(requests);
    this.#send(messages);
    this.#collect(requests, messages);
  }

  /**
   * {@link execute} for what takes the kernel milliseconds (deleting a link waits for a grace period of RCU): sent in a
   * helper thread. The socket does nothing else meanwhile.
   */
  async executeLater(request: Request): Promise<void> {
    const requests = [{ ...request, flags: request.flags | NLM_F_ACK }];
    const messages = this.#number(requests);
    const datagram = Buffer.concat(messages.map(encodeMessage));
    this.#busy = true;
    try {
      await sysSendto.later(this.#fd, datagram, datagram.length, 0, null, 0);
    } finally {
      this.#busy = false;
    }
    this.#collect(requests, messages);
  }

  /** Lists a table: the payloads of all messages the kernel answers with. */
  dump(request: Request): Buffer[] {
    for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
      const rows = this.#dumpOnce({ ...request, flags: request.flags | NLM_F_DUMP });
      if (rows) return rows;
    }
    throw new EngineError(
      'unavailable',
      `netlink ${request.what}: the table changes faster than it can be read`,
    );
  }

  [Symbol.dispose](): void {
    closeFd(this.#fd);
  }

  #dumpOnce(request: Request): Buffer[] | undefined {
    const messages = this.#number([request]);
    this.#send(messages);
    const rows: Buffer[] = [];
    let interrupted = false;
    for (;;) {
      for (const message of this.#receive(request.what)) {
        if (message.sequence !== messages[0]?.sequence) continue;
        if ((message.flags & NLM_F_DUMP_INTR) !== 0) interrupted = true;
        if (message.type === NLMSG_DONE || message.type === NLMSG_ERROR) {
          throwFailure(request.what, message);
          return interrupted ? undefined : rows;
        }
        rows.push(Buffer.from(message.payload));
      }
    }
  }

  #number(requests: readonly Request[]): Message[] {
    if (this.#busy) throw new Error('a netlink socket was used while it waits for the kernel');
    return requests.map(({ type, flags, payload }) => ({
      type,
      flags: flags | NLM_F_REQUEST,
      sequence: ++this.#sequence,
      payload,
    }));
  }

  #send(messages: readonly Message[]): void {
    const datagram = Buffer.concat(messages.map(encodeMessage));
    sysSendto(this.#fd, datagram, datagram.length, 0, null, 0);
  }

  /** Reads answers until every request that asked for one has it. */
  #collect(requests: readonly Request[], messages: readonly Message[]): void {
    const names = new Map(messages.map(({ sequence }, i) => [sequence, requests[i]?.what ?? '']));
    const waiting = new Set(
      messages.flatMap(({ flags, sequence }) => ((flags & NLM_F_ACK) === 0 ? [] : [sequence])),
    );
    while (waiting.size > 0) {
      for (const message of this.#receive(requests[0]?.what ?? '')) {
        const what = names.get(message.sequence);
        if (what === undefined || message.type !== NLMSG_ERROR) continue;
        throwFailure(what, message);
        waiting.delete(message.sequence);
      }
    }
  }

  #receive(what: string): Message[] {
    const length = sysRecvfrom.attempt(
      this.#fd,
      this.#buffer,
      RECEIVE_SIZE,
      MSG_TRUNC | MSG_DONTWAIT,
      null,
      null,
    );
    if (length < 0) throw new SyscallError(`netlink ${what}: recvfrom`, -length);
    if (length > RECEIVE_SIZE)
      throw new EngineError('system', `netlink ${what}: answer of ${length} bytes is cut off`);
    return decodeMessages(this.#buffer.subarray(0, length));
  }
}

/** Opens a socket for `protocol` in the daemon's network namespace or another. */
export function openNetlink(protocol: number, namespace?: Fd): NetlinkSocket {
  const fd =
    namespace === undefined
      ? openSocket(protocol)
      : inNetworkNamespace(namespace, () => openSocket(protocol));
  const socket = new NetlinkSocket(fd);
  try {
    for (const option of [NETLINK_CAP_ACK, NETLINK_EXT_ACK]) {
      sysSetsockopt(fd, SOL_NETLINK, option, Buffer.of(1, 0, 0, 0), 4);
    }
    const address = Buffer.alloc(12);
    address.writeUInt16LE(AF_NETLINK, 0);
    sysBind(fd, address, address.length);
    return socket;
  } catch (error) {
    socket[Symbol.dispose]();
    throw error;
  }
}

function openSocket(protocol: number): Fd {
  return asFd(sysSocket(AF_NETLINK, SOCK_RAW_CLOEXEC, protocol));
}

/**
 * Throws what an NLMSG_ERROR or NLMSG_DONE reports: an error number, for an error the header of the request (its whole
 * when not capped), and attributes with the kernel's explanation.
 */
function throwFailure(what: string, { type, flags, payload }: Message): void {
  const errno = payload.length < 4 ? 0 : -payload.readInt32LE(0);
  if (errno === 0) return;
  let explanation = '';
  if ((flags & NLM_F_ACK_TLVS) !== 0) {
    const request = type === NLMSG_DONE ? 0 : (flags & NLM_F_CAPPED) !== 0 ? 16 : payload.readUInt32LE(4);
    const message = attributeMap(payload.subarray(4 + request)).get(NLMSGERR_ATTR_MSG);
    explanation = message ? textOf(message) : '';
  }
  throw new SyscallError('netlink', errno, what, explanation);
}

/** One call of a kernel that puts many behind one number, told apart by the low 16 bits of its first argument. */
export interface Multiplexed {
  readonly multiplexer: 'socketcall' | 'ipc';
  readonly call: number;
}

const SOCKETCALL =
  'socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom shutdown setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg';
const IPC: Readonly<Record<string, number>> = {
  semop: 1,
  semget: 2,
  semctl: 3,
  semtimedop: 4,
  msgsnd: 11,
  msgrcv: 12,
  msgget: 13,
  msgctl: 14,
  shmat: 21,
  shmdt: 22,
  shmget: 23,
  shmctl: 24,
};

/** The other ways into a call on i386: socketcall(2) (linux/net.h) and ipc(2) (linux/ipc.h), by the call's name. */
export const I386_MULTIPLEXED: ReadonlyMap<string, Multiplexed> = new Map<string, Multiplexed>([
  ...SOCKETCALL.split(' ').map((name, i): [string, Multiplexed] => [
    name,
    { multiplexer: 'socketcall', call: i + 1 },
  ]),
  ...Object.entries(IPC).map(([name, call]): [string, Multiplexed] => [name, { multiplexer: 'ipc', call }]),
]);

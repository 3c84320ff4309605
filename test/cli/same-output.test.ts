import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { writeBusyboxTar } from '../support/busybox-tar.ts';
import { type BuiltCli, buildCli } from '../support/gantry-cli.ts';
import { type Outcome, runProgram } from '../support/run-program.ts';
import { words } from '../support/words.ts';
import { noServer, startServer, type TestServer } from './server.ts';

interface Row {
  /** The command line compared; `DIR` is a directory with some files. */
  run: string;
  /** Prepared anew, by docker, before each of the two runs. */
  setup?: string[];
  input?: string;
  env?: Record<string, string>;
  /** Lines whose order is not fixed. */
  unordered?: boolean;
  /** Streams that Gantry words in its own way. */
  own?: ('stdout' | 'stderr')[];
}

const SLEEPER = 'run -d --network none --name c1 -l k=v busybox sleep 1000';
const STOPPED = 'run --network none --name c2 busybox sh -c "echo out; echo err >&2; exit 3"';

const ROWS: readonly Row[] = [
  // What cannot be understood.
  ...[
    'run --foo',
    'run -z',
    'run -itz busybox',
    'run --=x',
    'run ---x',
    'run --name',
    'run --rm=x busybox',
    'run',
    'ps --foo',
    'ps extra',
    'ps -f x',
    'ps -n x',
    'ps -nx',
    'ps --last',
    'ps -f',
    'foo',
    'container foo',
    'image foo --bar',
    'exec',
    'exec nope',
    'kill',
    'tag a',
    'rename a',
    'pull',
    'help nonesuch',
    '--foo',
    '-z ps',
    'run -it busybox sh',
    'run -d -a stdin busybox',
    'run --memory 1x busybox',
    'run --cpus abc busybox',
    'run --cpus 1.23456789012 busybox',
    'run --stop-timeout=x busybox',
    'run --publish abc busybox',
    'run -p 1:2:3:4 busybox',
    'run -p 80:x busybox',
    'run -p 1-3:1-2 busybox',
    'run -e =x busybox',
    'run -e "" busybox',
    'run --mount type=bind busybox',
    'run --mount foo busybox',
    'run --mount target=/x,foo=bar busybox',
    'run --mount type=tmpfs,target=/x,bind-propagation=x busybox',
    'run --mount type=tmpfs,target=/x,tmpfs-mode=9 busybox',
    'run --mount type=bind,target=/x,readonly=z busybox',
    'run --ulimit x busybox',
    'run --ulimit x=1 busybox',
    'run --ulimit nofile=5:2 busybox',
    'run --restart on-failure:x busybox',
    'run --restart :x busybox',
    'run --rm --restart always busybox',
    'run --device x:y:z:w busybox',
    'run --device /dev/x:y busybox',
    'run --device /dev/x:/dev/y:q busybox',
    'run --add-host foo busybox',
    'run --add-host foo:bar busybox',
    'run --dns foo busybox',
    'run --dns-search "a b" busybox',
    'run --link a:b:c busybox',
    'run --expose x busybox',
    'run --expose 1:2 busybox',
    'run --expose 5-2 busybox',
    'run --log-driver none --log-opt x=y busybox',
    'run --env-file nope busybox',
    'run --env-file DIR/bad-env busybox',
    'run --label-file nope busybox',
    'run -l =x busybox',
    'run --security-opt seccomp=nope busybox',
    'run --security-opt foo busybox',
    'run --gpus x=y busybox',
    'run --gpus zz busybox',
    'run --health-cmd x --no-healthcheck busybox',
    'run --health-interval -1s busybox',
    'run --health-interval x busybox',
    'run --blkio-weight 70000 busybox',
    'run --blkio-weight-device x busybox',
    'run --blkio-weight-device /dev/x:5 busybox',
    'run --device-read-bps x busybox',
    'run --device-read-bps /x:1 busybox',
    'run --device-read-bps /dev/x:y busybox',
    'run --device-read-iops /dev/x:y busybox',
    'run --device-cgroup-rule x busybox',
    'run --memory-swappiness 200 busybox',
    'run -a foo busybox',
    'run --pull foo busybox',
    'run --storage-opt x busybox',
    'run --sysctl x busybox',
    'run --sysctl kernel.foo=1 busybox',
    'run --network foo=bar busybox',
    'run --network name=none,alias=x busybox',
    'run --network none --network foo busybox',
    'run --network foo --network foo busybox',
    'run --network name=n,ip=1.2.3.4 --ip 1.2.3.5 busybox',
    'run --cgroupns foo busybox',
    'run --pid foo busybox',
    'run --uts foo busybox',
    'run --userns foo busybox',
    'run --mac-address x busybox',
    'run --shm-size x busybox',
    'run "A B"',
    'run --cidfile DIR/env busybox true',
    'create --rm --restart=always busybox',
    'create',
    'create nope --pull never',
    'create --pull never nope',
    'pull "A B"',
    'pull -a busybox:x',
    'tag busybox "A B"',
  ].map((run) => ({ run })),

  // What is understood as docker does, and said in our own words.
  ...[
    'run --security-opt seccomp=DIR/bad.json busybox',
    'run --platform "a b" busybox',
    'images a b',
    'inspect --type foo nope',
    "ps --format '{{range .}}{{end}}'",
    "version -f '{{.Client.Foo}}'",
    "version -f '{{.Foo}}'",
    "info -f '{{.Foo}}'",
  ].map((run): Row => ({ run, own: ['stdout', 'stderr'] })),

  // What the daemon refuses.
  ...[
    'run -m 4k busybox',
    'run --network=none --pull=never nope',
    'run --restart foo busybox',
    'run -v /a:/b:zz busybox',
    'run --mount type=x,target=/x busybox',
    'run --volumes-from x busybox',
    'run --stop-signal FOO busybox',
    'run --tmpfs foo busybox',
    'run --isolation foo busybox',
    'run --ip x busybox',
    'logs nope',
    'inspect nope',
    'inspect --type container nope',
    'inspect --type image nope',
    'container inspect nope',
    'image inspect nope',
    'rm nope nope2',
    'rm -f nope',
    'rmi nope nope2',
    'rmi -f nope',
    'exec nope ls',
    'wait nope',
    'stop nope',
    'kill nope',
    'start nope nope2',
    'start -a nope',
    'attach nope',
    'rename nope x',
    'port nope',
    'top nope',
    'history nope',
    'tag nope x',
    'save nope',
    'restart nope',
    'pause nope',
    'unpause nope',
    'ps -f x=y',
    'images -f x=y',
    'events --since zzz',
  ].map((run) => ({ run })),

  // Runs and their ends.
  { run: 'run --rm --network none busybox sh -c "echo hi; echo err >&2; exit 3"' },
  { run: 'run --rm --network none busybox sh -c "kill -9 $$"' },
  { run: 'run --rm --network none busybox nonesuch' },
  { run: 'run --rm --network none busybox /etc' },
  { run: 'run -d --rm --network none busybox nonesuch' },
  { run: 'run --rm -i --network none busybox cat', input: 'hello\nworld\n' },
  { run: 'run --rm -i --network none busybox sh -c "cat; exit 5"', input: 'x' },
  { run: 'run --rm --network none busybox cat', input: 'not connected' },
  { run: 'run --rm -i --network none busybox true', input: 'nobody reads this\n'.repeat(10_000) },
  { run: 'run --rm -a stdout --network none busybox sh -c "echo out; echo err >&2"' },
  { run: 'run --rm -t --network none busybox sh -c "echo out; tty >/dev/null && echo tty"' },
  { run: 'run --rm --network none -e A=1 --env-file DIR/env busybox sh -c "echo $A $B"' },
  { run: 'run -d --network none --name c1 busybox sleep 100', setup: ['rm -f c1'] },
  { run: 'run --network none --name c1 busybox true', setup: ['rm -f c1', SLEEPER] },
  { run: 'create --network none --name c1 busybox', setup: ['rm -f c1'] },
  { run: 'run --rm --network none --cidfile DIR/cid busybox true' },
  { run: 'run --rm --network none --oom-kill-disable busybox true' },
  { run: 'run --rm --network none --dns 127.0.0.1 busybox true' },
  { run: 'run --rm --network none --read-only busybox touch /x' },
  { run: 'run --rm --network none busybox sh -c "seq 1 20000"' },

  // One container's life.
  { run: 'exec c1 sh -c "echo hi; echo err >&2; exit 4"', setup: ['rm -f c1', SLEEPER] },
  { run: 'exec c1 nonesuch' },
  { run: 'exec -i c1 cat', input: 'through\n' },
  { run: 'exec -d c1 true' },
  { run: 'exec -e A=1 -w /tmp -u nobody c1 sh -c "echo $A; pwd; id -u"' },
  { run: 'exec -it c1 sh' },
  { run: 'logs c2', setup: ['rm -f c2', STOPPED] },
  { run: 'logs --tail 1 c2' },
  { run: 'logs -n 0 c2' },
  { run: 'logs --since 10m --until 0s c2' },
  { run: 'logs -f c2' },
  { run: 'logs --details c2' },
  { run: 'wait c2' },
  { run: 'start -a c2' },
  { run: 'start -ai c2', input: '' },
  { run: 'start c2' },
  { run: 'start c1 nope c2', setup: ['rm -f c1', SLEEPER] },
  { run: 'attach c2', setup: ['wait c2'] },
  { run: 'top c1', own: [] },
  { run: 'port c1' },
  { run: 'port c1 80' },
  { run: 'port c1 x' },
  { run: 'pause c1', setup: ['rm -f c1', SLEEPER] },
  { run: 'unpause c1', setup: ['rm -f c1', SLEEPER, 'pause c1'] },
  { run: 'pause c1 nope', setup: ['rm -f c1', SLEEPER] },
  { run: 'attach c1', setup: ['rm -f c1', SLEEPER, 'pause c1'] },
  { run: 'kill c1', setup: ['rm -f c1', SLEEPER] },
  { run: 'kill -s FOO c1', setup: ['rm -f c1', SLEEPER] },
  { run: 'kill --signal USR1 c1' },
  { run: 'stop -t 0 c1' },
  { run: 'restart -t 0 c1' },
  { run: 'rm c1', setup: ['rm -f c1', SLEEPER] },
  { run: 'rm -f c1', setup: ['rm -f c1', SLEEPER] },
  { run: 'rm -fv c1 nope', setup: ['rm -f c1', SLEEPER] },
  { run: 'rename c1 c1b', setup: ['rm -f c1 c1b', SLEEPER] },
  { run: 'rename c1b ""' },
  { run: 'container rm -f c1b', setup: ['rm -f c1b', 'create --name c1b busybox'] },
  { run: 'container prune -f', setup: ['rm -f c2', STOPPED] },
  { run: 'container prune -f' },

  // Listings.
  { run: 'ps', setup: ['rm -f c1 c2', SLEEPER, STOPPED] },
  ...[
    'ps',
    'ps -a',
    'ps -q',
    'ps -aq --no-trunc',
    'ps -as',
    'ps -l',
    'ps -n 1',
    'ps --no-trunc',
    'ps -a -f status=exited',
    'ps -a --filter label=k=v --filter name=c',
    'ps --format json',
    "ps --format '{{json .}}'",
    "ps --format '{{.Foo}}'",
    "ps --format '{{.ID'",
    "ps --format 'table {{.ID}}\\t{{.Names}}'",
    'ps --format \'table {{.Names}}\\t{{.Label "k"}}\\t{{.Labels}}\'',
    "ps -a --format 'table {{upper .Names}}\\t{{truncate .Image 3}}\\t{{.Size}}'",
    "ps -a --format '{{.ID}}: {{.Command}} {{.State}} {{.Networks}} {{.Mounts}} {{.LocalVolumes}} {{.CreatedAt}}'",
    "ps -q --format '{{.Names}}'",
    'ps --format table',
    "ps --format '{{.Label}}'",
    "ps --format 'table {{foo}}'",
    'container ls',
    'container list -a',
    'container ps -q',
    'images',
    'images -a',
    'images -q',
    'images --digests',
    'images --no-trunc',
    'images busybox',
    'images busybox:nope',
    'images -f reference=b*',
    'images -f dangling=true',
    'images --format json',
    "images --format '{{.Repository}}:{{.Tag}} {{.Size}} {{.VirtualSize}} {{.UniqueSize}}'",
    "images --format 'table {{.ID}}\\t{{.Digest}}'",
    "images --format '{{.Foo}}'",
    "images --format '{{.ID'",
    'image ls',
    'image list -q',
    'history busybox',
    'history --no-trunc -H=false busybox',
    'history -q busybox',
    'history --format json busybox',
    "history --format 'table {{.ID}}\\t{{.CreatedAt}}' busybox",
    'inspect c1 c2',
    'inspect busybox',
    'inspect c1 nope busybox',
    'inspect -s c1',
    'inspect --format json c1 busybox',
    "inspect -f '{{.Name}} {{.State.Status}} {{.Config.Cmd}}' c1",
    "inspect -f '{{.Foo}}' c1",
    "inspect -f '{{.State.Foo.Bar}}' c1",
    "inspect -f '{{.Name' c1",
    "inspect -f '{{json .State}}' c1",
    "inspect -f '{{.Id}} {{.ID}} {{.HostConfig.NanoCPUs}} {{.HostConfig.NanoCpus}}' c1",
    "inspect -f '{{if .State.Health}}h{{else}}none{{end}}' c1",
    "inspect -f '{{.State.Health}}' c1",
    "inspect -f '{{range .NetworkSettings.Networks}}{{.NetworkID}}{{end}}' c1",
    "inspect -f '{{range $k, $v := .NetworkSettings.Networks}}{{$k}}{{end}} {{.NetworkSettings.Ports}}' c1",
    'inspect -f \'{{index .Config.Labels "k"}}|{{index .Config.Labels "x"}}|{{.Config.Labels.zz}}|{{len .Config.Labels}}\' c1',
    "inspect -f '{{.HostConfig.CapAdd}} {{.HostConfig.Binds}} {{.HostConfig.Memory}} {{.HostConfig.LogConfig}}' c1",
    "inspect -f '{{.HostConfig.RestartPolicy}} {{.HostConfig.PortBindings}} {{.Mounts}} {{.Args}}' c1",
    "inspect -f '{{.HostConfig.MemorySwappiness}} {{.HostConfig.Sysctls}} {{.Config.Env}}' c1",
    "inspect -f '{{.SizeRw}} {{.State.ExitCode}}' c2",
    "inspect -f '{{json .Config}} {{json .HostConfig.RestartPolicy}}' c2",
    "inspect -f '{{.RepoTags}} {{.Config.Cmd}} {{.Os}}/{{.Architecture}} {{.Size}}' busybox",
    "inspect -f '{{.Name}}' c1 nope c2",
    "inspect -f '{{range .Config.Env}}{{println .}}{{end}}' c1",
    "container inspect -f '{{.Name}}' c1",
    "image inspect -f '{{.Id}}' busybox",
    'image inspect busybox',
    'inspect --type image busybox',
    "version -f '{{.Server.Version}} {{.Server.Os}} {{.Client.Os}} {{range .Server.Components}}{{.Name}} {{end}}'",
    "version --format '{{json .Server.Components}}'",
    "info -f '{{.ServerVersion}} {{.Driver}} {{.Swarm.LocalNodeState}} {{len .Runtimes}} {{.Plugins.Volume}}'",
    "info -f '{{json .SecurityOptions}} {{.NCPU}} {{.DockerRootDir}}'",
    'version --format "{{"',
  ].map((run): Row => ({ run })),

  // Images.
  { run: 'tag busybox t1:x', setup: ['rmi -f t1:x'] },
  { run: 'rmi t1:x', setup: ['tag busybox t1:x'] },
  { run: 'rmi t1:x nope', setup: ['tag busybox t1:x'] },
  { run: 'image rm -f t1:x', setup: ['tag busybox t1:x'] },
  { run: 'import DIR/fs.tar im:1', setup: ['rmi -f im:1'] },
  { run: 'import -c "ENV A=b" -m msg - im:2', setup: ['rmi -f im:2'], input: '' },
  { run: 'import nope' },
  { run: 'save -o DIR/saved.tar busybox' },
  { run: 'save -o DIR/nope/x busybox', own: ['stderr'] },
  { run: 'save -o DIR busybox', own: ['stderr'] },
  { run: 'load -i DIR/busybox.tar', setup: ['save -o DIR/busybox.tar busybox'] },
  { run: 'load -q -i DIR/busybox.tar', setup: ['save -o DIR/busybox.tar busybox'] },
  { run: 'load -i nope' },
  { run: 'load', input: 'not an archive' },
  { run: 'image prune -f' },
  { run: 'pull --quiet nonexistent.invalid/x:1', own: [] },
];

const skip = noServer() ?? false;
const dir = mkdtempSync(join(tmpdir(), 'gantry-same-'));
let daemon: TestServer;
let cli: BuiltCli;

before(async () => {
  if (skip) return;
  [daemon, cli] = await Promise.all([startServer(), buildCli()]);
  writeBusyboxTar(join(dir, 'busybox-fs.tar'));
  writeBusyboxTar(join(dir, 'fs.tar'));
  writeFileSync(join(dir, 'env'), 'B=2\n');
  writeFileSync(join(dir, 'bad-env'), 'A B=2\n');
  writeFileSync(join(dir, 'bad.json'), '{');
  await docker('import -c "CMD [\\"sh\\"]" -c "ENV PATH=/bin" DIR/busybox-fs.tar busybox:latest');
});

after(async () => {
  cli?.remove();
  await daemon?.stop();
  rmSync(dir, { recursive: true, force: true });
});

for (const row of ROWS) {
  test(row.run, { skip }, async () => {
    const want = normal(await prepared(row, docker), row);
    const got = normal(await prepared(row, gantry), row);
    assert.deepEqual(got, want);
  });
}

async function prepared(row: Row, run: (line: string, row: Row) => Promise<Outcome>): Promise<Outcome> {
  for (const line of row.setup ?? []) await docker(line);
  rmSync(join(dir, 'cid'), { force: true });
  return run(row.run, row);
}

function docker(line: string, row: Partial<Row> = {}): Promise<Outcome> {
  return launch('docker', [], line, row);
}

function gantry(line: string, row: Partial<Row>): Promise<Outcome> {
  return launch(process.execPath, ['--', cli.program], line, row);
}

function launch(program: string, first: string[], line: string, row: Partial<Row>): Promise<Outcome> {
  const env = { DOCKER_HOST: daemon.host, DOCKER_CONFIG: join(dir, 'config'), ...row.env };
  const input = row.input === undefined ? {} : { input: row.input };
  return runProgram(program, [...first, ...words(line.replaceAll('DIR', dir))], { env, cwd: dir, ...input });
}

/** What differs between two runs of one program, and the program's name, are made alike. */
function normal({ code, stdout, stderr }: Outcome, row: Row): Partial<Outcome> {
  const alike = (text: string) =>
    text
      .replace(/\b[0-9a-f]{64}\b/g, 'ID64')
      .replace(/\b[0-9a-f]{12}\b/g, 'ID12')
      .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?/g, 'TIME')
      .replace(/(Less than a second|\d+ seconds?|About a minute)( ago)?/g, 'AGE')
      .replace(/"Pid": ?\d+/g, '"Pid": N')
      .replace(/\b[a-z]+_[a-z]+\b/g, (name) => (name.includes('_') && !KNOWN.has(name) ? 'NAME' : name))
      .replace(/ {2,}/g, '  ')
      .replace(/\bdocker\b/g, 'gantry')
      .replace(/\bDocker\b/g, 'Gantry');
  const lines = (text: string) => (row.unordered ? text.split('\n').sort().join('\n') : text);
  return {
    code,
    ...(!row.own?.includes('stdout') && { stdout: lines(alike(stdout)) }),
    ...(!row.own?.includes('stderr') && { stderr: lines(alike(stderr)) }),
  };
}

const KNOWN = new Set(['must_be_kept']);

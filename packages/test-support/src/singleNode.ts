import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism, hostname, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A Slurm with this machine as its single node, started for a test. */
export interface SingleNode {
  /** Environment of Slurm's commands: the path of their configuration. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const programs = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo"];
const path = `${process.env.PATH}:/usr/sbin`;

/** Reason why Slurm cannot be started here; undefined when it can. */
export function whyNoSlurm(): string | undefined {
  if (process.getuid?.() !== 0) return "slurmd wants to be root";
  const missing = programs.filter(
    (name) => spawnSync("which", [name], { env: { ...process.env, PATH: path } }).status !== 0,
  );
  return missing.length > 0
    ? `${missing.join(", ")} not installed (Debian: slurm-wlm, munge)`
    : undefined;
}

/** Starts munge, the controller and the node daemon, with all of their files in a temporary folder. */
export async function startSingleNode(): Promise<SingleNode> {
  const folder = mkdtempSync(join(tmpdir(), "metalearn-slurm-"));
  chmodSync(folder, 0o755);
  const inFolder = (name: string) => join(folder, name);
  for (const name of ["state", "spool"]) mkdirSync(inFolder(name));
  writeFileSync(inFolder("munge.key"), randomBytes(128), { mode: 0o600 });
  const [controller, node] = [await freePort(), await freePort()];
  const host = hostname().split(".")[0];
  writeFileSync(
    inFolder("slurm.conf"),
    `ClusterName=test
SlurmctldHost=${host}(127.0.0.1)
SlurmUser=${userInfo().username}
SlurmctldPort=${controller}
SlurmdPort=${node}
AuthType=auth/munge
AuthInfo=socket=${inFolder("munge.socket")}
CredType=cred/munge
StateSaveLocation=${inFolder("state")}
SlurmdSpoolDir=${inFolder("spool")}
SlurmctldPidFile=${inFolder("slurmctld.pid")}
SlurmdPidFile=${inFolder("slurmd.pid")}
SlurmctldLogFile=${inFolder("slurmctld.log")}
SlurmdLogFile=${inFolder("slurmd.log")}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=0
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
KillWait=5
ReturnToService=2
NodeName=${host} NodeAddr=127.0.0.1 CPUs=${availableParallelism()} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`,
  );
  const env = { PATH: path, SLURM_CONF: inFolder("slurm.conf") };
  const daemons: ChildProcess[] = [];
  const start = (program: string, args: readonly string[]) =>
    daemons.push(spawn(program, args, { env: { ...process.env, ...env }, stdio: "ignore" }));
  const stop = async () => {
    for (const daemon of daemons.reverse()) {
      if (daemon.exitCode !== null) continue;
      daemon.kill("SIGTERM");
      await Promise.race([new Promise((resolve) => daemon.on("exit", resolve)), sleep(5000)]);
      daemon.kill("SIGKILL");
    }
    rmSync(folder, { recursive: true, force: true });
  };
  start("munged", [
    "--foreground",
    "--force", // the folder of the socket is no system folder
    `--socket=${inFolder("munge.socket")}`,
    `--key-file=${inFolder("munge.key")}`,
    `--pid-file=${inFolder("munge.pid")}`,
    `--log-file=${inFolder("munge.log")}`,
    `--seed-file=${inFolder("munge.seed")}`,
  ]);
  await sleep(500);
  start("slurmctld", ["-D", "-c", "-f", inFolder("slurm.conf")]);
  start("slurmd", ["-D", "-f", inFolder("slurm.conf"), "-N", String(host)]);
  for (let tries = 0; tries < 60; tries++) {
    const state = spawnSync("sinfo", ["--noheader", "--format=%T"], {
      env: { ...process.env, ...env },
      encoding: "utf8",
    }).stdout;
    if (state.trim() === "idle") return { env, stop };
    await sleep(500);
  }
  const logs = ["munge", "slurmctld", "slurmd"].map(
    (name) => spawnSync("tail", ["-n", "5", inFolder(`${name}.log`)], { encoding: "utf8" }).stdout,
  );
  await stop();
  throw new Error(`Slurm did not start:\n${logs.join("\n")}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

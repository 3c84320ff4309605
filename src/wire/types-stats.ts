import type { Nullable } from './types-common.ts';

export interface BlkioStatEntry {
  major: number;
  minor: number;
  op: string;
  value: number;
}

export interface BlkioStats {
  io_service_bytes_recursive: Nullable<BlkioStatEntry[]>;
  io_serviced_recursive: Nullable<BlkioStatEntry[]>;
  io_queue_recursive: Nullable<BlkioStatEntry[]>;
  io_service_time_recursive: Nullable<BlkioStatEntry[]>;
  io_wait_time_recursive: Nullable<BlkioStatEntry[]>;
  io_merged_recursive: Nullable<BlkioStatEntry[]>;
  io_time_recursive: Nullable<BlkioStatEntry[]>;
  sectors_recursive: Nullable<BlkioStatEntry[]>;
}

/** Times in nanoseconds. */
export interface CpuStats {
  cpu_usage: {
    total_usage: number;
    percpu_usage?: Nullable<number[]>;
    usage_in_kernelmode: number;
    usage_in_usermode: number;
  };
  system_cpu_usage?: number;
  online_cpus?: number;
  throttling_data: { periods: number; throttled_periods: number; throttled_time: number };
}

/** Bytes. */
export interface MemoryStats {
  usage?: number;
  max_usage?: number;
  stats?: Record<string, number>;
  failcnt?: number;
  limit?: number;
}

export interface NetworkStats {
  rx_bytes: number;
  rx_packets: number;
  rx_errors: number;
  rx_dropped: number;
  tx_bytes: number;
  tx_packets: number;
  tx_errors: number;
  tx_dropped: number;
}

/** One record of `GET /containers/ID/stats`. */
export interface ContainerStats {
  read: string;
  preread: string;
  pids_stats: { current?: number; limit?: number };
  blkio_stats: BlkioStats;
  num_procs: number;
  storage_stats: Record<string, number>;
  cpu_stats: CpuStats;
  precpu_stats: CpuStats;
  memory_stats: MemoryStats;
  name: string;
  id: string;
  networks?: Record<string, NetworkStats>;
}

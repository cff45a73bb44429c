/**
 * Peak resident memory of this process so far, in bytes. The operating system counts per process, so
 * among several runs in one process a later one never shows less than an earlier one.
 */
export function peakBytes(): number {
  return 1024 * process.resourceUsage().maxRSS;
}

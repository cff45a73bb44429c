/**
 * The most memory that this process has had resident so far, in bytes. An operating system counts it
 * by process: of several runs in one, the later ones cannot show less than those before.
 */
export function peakBytes(): number {
  return 1024 * process.resourceUsage().maxRSS;
}

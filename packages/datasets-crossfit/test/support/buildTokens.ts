// A process that trains on a data root's setting `s`: prints its first episodes as text.
import { readEpisodes, samplerOf } from "./episodes.js";

const sampler = await samplerOf(process.argv[2] ?? "", { cache: true, shots: 2 });
const episodes = Array.from({ length: 5 }, () => readEpisodes(sampler));
process.stdout.write(JSON.stringify(episodes));

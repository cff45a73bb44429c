import { defineFactory, definePlugin } from "@metalearn/core";
import { clusters, clustersOptions } from "./clusters.js";
import { linear, linearOptions } from "./linear.js";
import { sinusoid, sinusoidOptions } from "./sinusoid.js";

export default definePlugin({
  name: "@metalearn/datasets-synthetic",
  tasks: {
    sinusoid: defineFactory(sinusoidOptions, sinusoid),
    clusters: defineFactory(clustersOptions, clusters),
    linear: defineFactory(linearOptions, linear),
  },
});

// `npm run build`: compiles all packages.
import { build } from "./steps.mjs";

build();

// By its file, since loading the whole package would put the engines out of reach of mocks.
import { cpu } from "../../packages/runtime-tensorflow/src/javascript/cpu.js";

// The engine of tests that choose no other. Unprepared, it would print an advertisement.
await cpu();

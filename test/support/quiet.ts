import { cpu } from "@metalearn/runtime-tensorflow";

// The engine of tests that choose no other. Unprepared, it would print an advertisement.
await cpu();

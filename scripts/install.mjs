// Installs the packages of the lock file.
import { install, requireNode } from "./steps.mjs";

requireNode();
install();

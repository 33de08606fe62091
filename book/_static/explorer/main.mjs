// Starts the two views on the page book/gate-explorer.md.

import { unpackNetwork } from "./lstm.mjs";
import model from "./model.json" with { type: "json" };
import { startOneUnit } from "./one-unit.mjs";
import { startReading } from "./reading.mjs";

startReading(document.getElementById("gate-explorer-wires"), model, unpackNetwork(model.network));
startOneUnit(document.getElementById("gate-explorer-unit"));

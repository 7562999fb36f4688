import { type Behaviour, startBehaviour } from "./behaviour.ts";
import type { RunningBox } from "./place.ts";
import { type Program, programOf, startProgram } from "./program.ts";

/** A program that is used for this, or a fault that is known from networks. */
export type Box = Program | Behaviour;

export const isProgram = (box: Box): box is Program => "program" in box;

/** What has to be installed first is there. */
export const isInstalled = (box: Box): boolean => !isProgram(box) || programOf(box) !== undefined;

/** Starts a box in front of a server; resolves when it passes a request. */
export function startBox(box: Box, target: number): Promise<RunningBox> {
  return isProgram(box) ? startProgram(box, target) : startBehaviour(box, target);
}
